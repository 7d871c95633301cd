//! The tables, as a list of migrations. A released migration is never edited: a change is a new migration.

use rusqlite::{Connection, TransactionBehavior};

/// A database's `user_version` is the number of migrations it has been through.
const MIGRATIONS: &[&str] = &[
    "
    -- Sessions without their two parts of unbounded size, because a row is rewritten whole at each change. The
    -- request never changes and is in a table of its own; full chunks are a blob (see index_set.rs).
    CREATE TABLE sessions (
        id          TEXT PRIMARY KEY,
        open        INTEGER NOT NULL,
        fields      TEXT NOT NULL,
        chunks_done BLOB NOT NULL
    ) STRICT;
    CREATE INDEX open_sessions ON sessions (id) WHERE open;
    CREATE TABLE requests (
        session TEXT PRIMARY KEY,
        request TEXT NOT NULL
    ) STRICT;

    CREATE TABLE results (
        session   TEXT NOT NULL,
        chunk     INTEGER NOT NULL,
        number    INTEGER NOT NULL,
        result    TEXT NOT NULL,
        PRIMARY KEY (session, chunk, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE done (
        session TEXT NOT NULL,
        chunk   INTEGER NOT NULL,
        numbers BLOB NOT NULL,
        PRIMARY KEY (session, chunk)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE attempts (
        session TEXT NOT NULL,
        number  INTEGER NOT NULL,
        receipt TEXT NOT NULL,
        at      TEXT NOT NULL,
        PRIMARY KEY (session, number)
    ) STRICT, WITHOUT ROWID;

    -- AUTOINCREMENT: the id of a deleted message is never reused, so that an old receipt matches no new message.
    CREATE TABLE messages (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        queue        TEXT NOT NULL,                -- its name in the topology
        fair_group TEXT NOT NULL,
        body         TEXT NOT NULL,
        sent_at      INTEGER NOT NULL,             -- microseconds since 1970, as all times here
        deliveries   INTEGER NOT NULL DEFAULT 0,   -- rises with each receive and each move; half of a receipt
        base         INTEGER NOT NULL DEFAULT 0,   -- deliveries when it entered this queue
        in_flight    INTEGER NOT NULL DEFAULT 0,   -- hidden because a consumer has it, not because of a delay
        hidden_until INTEGER                       -- NULL: may be received
    ) STRICT;
    CREATE INDEX ready_messages ON messages (queue, fair_group, id) WHERE hidden_until IS NULL;
    CREATE INDEX hidden_messages ON messages (hidden_until) WHERE hidden_until IS NOT NULL;

    -- The groups with ready messages, in the order in which they are served: each goes to the end after its
    -- turn. A row may outlive its group's last ready message; a receive that finds none removes it.
    CREATE TABLE turns (
        queue        TEXT NOT NULL,
        fair_group TEXT NOT NULL,
        turn         INTEGER NOT NULL,
        PRIMARY KEY (queue, fair_group)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX next_turn ON turns (queue, turn);

    -- Times below are text of one length, so that they sort: see `sortable` in listing.rs.
    CREATE TABLE listing (
        tenant     TEXT NOT NULL,
        created_at TEXT NOT NULL,
        session    TEXT NOT NULL,
        PRIMARY KEY (tenant, created_at, session)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tickets (
        hash       BLOB PRIMARY KEY,
        tenant     TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Records, and the columns that queries use; their lists are rows in record_lists. A row without
    -- `expires_at` is never removed: transactions refer to their file's record by its number.
    CREATE TABLE records (
        number       INTEGER PRIMARY KEY,
        flow         TEXT NOT NULL,
        tenant       TEXT NOT NULL,
        id           TEXT NOT NULL,
        state        TEXT NOT NULL,
        open         INTEGER NOT NULL,
        changed_at   TEXT NOT NULL,
        token        TEXT,                      -- of the lease
        expires_at   TEXT,
        record       TEXT NOT NULL,             -- all of it, as JSON
        UNIQUE (flow, tenant, id)
    ) STRICT;
    CREATE INDEX open_records ON records (flow, state, changed_at) WHERE open;
    CREATE INDEX expiring_records ON records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE record_lists (
        flow       TEXT NOT NULL,
        tenant     TEXT NOT NULL,
        list       TEXT NOT NULL,
        created_at TEXT NOT NULL,
        id         TEXT NOT NULL,
        number     INTEGER NOT NULL,            -- of the record
        PRIMARY KEY (flow, tenant, list, created_at, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lists_of_records ON record_lists (number);

    CREATE TABLE outbox (
        flow       TEXT NOT NULL,
        tenant     TEXT NOT NULL,
        id         TEXT NOT NULL,
        event_id   TEXT NOT NULL,
        event_type TEXT NOT NULL,
        at         TEXT NOT NULL,
        since      TEXT NOT NULL,
        detail     TEXT NOT NULL,
        PRIMARY KEY (flow, tenant, id, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX waiting_outbox ON outbox (flow, since);

    -- Published events, for replays to one consumer.
    CREATE TABLE archive (
        flow       TEXT NOT NULL,
        tenant     TEXT NOT NULL,
        id         TEXT NOT NULL,
        event_id   TEXT NOT NULL,
        event_type TEXT NOT NULL,
        at         TEXT NOT NULL,
        detail     TEXT NOT NULL,
        PRIMARY KEY (flow, tenant, id, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX archived ON archive (at, event_id);

    CREATE TABLE audit (
        flow       TEXT NOT NULL,
        tenant     TEXT NOT NULL,
        id         TEXT NOT NULL,
        event_id   TEXT NOT NULL,
        event_type TEXT NOT NULL,
        at         TEXT NOT NULL,
        event      TEXT NOT NULL,
        PRIMARY KEY (flow, tenant, id, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX audited ON audit (tenant, at, event_id);

    -- Names that occur in millions of rows are stored there as numbers.
    CREATE TABLE accounts (
        number INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        name   TEXT NOT NULL,
        UNIQUE (tenant, name)
    ) STRICT;
    CREATE TABLE months (
        account INTEGER NOT NULL,
        month   TEXT NOT NULL,
        PRIMARY KEY (account, month)
    ) STRICT, WITHOUT ROWID;
    -- Numbers start at 2: 0 and 1 take no space in a row, so that the row would grow, and might have to move, when
    -- its category is set. 2 means no category.
    CREATE TABLE categories (
        number     INTEGER PRIMARY KEY,
        name       TEXT NOT NULL,
        source     TEXT NOT NULL,
        confidence INTEGER NOT NULL,
        UNIQUE (name, source, confidence)
    ) STRICT;
    INSERT INTO categories (number, name, source, confidence) VALUES (2, '', '', 0);

    CREATE TABLE transactions (
        account      INTEGER NOT NULL,
        day          INTEGER NOT NULL,
        identity     ANY NOT NULL,              -- bytes of a digest, or text
        occurrence   INTEGER NOT NULL,
        file         INTEGER NOT NULL,          -- the first file with this transaction
        category     INTEGER NOT NULL,
        value_day    INTEGER,
        amount       TEXT NOT NULL,
        currency     TEXT NOT NULL,
        description  TEXT NOT NULL,
        clean        TEXT,                      -- NULL: equal to the description
        counterparty TEXT,
        balance      TEXT,
        kind         TEXT,
        reference    TEXT,
        place        ANY NOT NULL,              -- a number is a line
        shown        BLOB,                      -- files that contain it, as numbers of 4 bytes; NULL: only `file`
        PRIMARY KEY (account, day, identity, occurrence)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE figures (
        account INTEGER NOT NULL,
        month   TEXT NOT NULL,
        version INTEGER NOT NULL,
        body    TEXT NOT NULL,
        PRIMARY KEY (account, month)
    ) STRICT, WITHOUT ROWID;

    -- Uploaded files. `origin` is a digest of the file's path on this machine. It is kept when the file is deleted,
    -- so that the file is not imported again.
    CREATE TABLE inbox (
        key          TEXT PRIMARY KEY,
        name         TEXT,
        account      TEXT,
        origin       BLOB,
        stamp        TEXT,                      -- its size and time there
        digest       BLOB,                      -- of its content
        announced_at TEXT NOT NULL,
        pending      INTEGER NOT NULL,          -- it may have arrived without a notification
        etag         TEXT                       -- of the stored object
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pending_uploads ON inbox (announced_at) WHERE pending;
    CREATE INDEX origins ON inbox (origin, stamp) WHERE origin IS NOT NULL;
    ",
    "
    -- Has one row while copies of erased data may be left in pages: see `scrub` in database.rs.
    CREATE TABLE erased (since INTEGER PRIMARY KEY) STRICT;
    ",
];

/// The schema version that this program migrates a database to.
pub(crate) const KNOWN: usize = MIGRATIONS.len();

/// The reason why a database cannot be migrated to the current schema.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error("it has schema {found}, but this riffle knows only up to {known}")]
    Newer { found: usize, known: usize },
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}

/// Runs the missing migrations, each in its own transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    let known = KNOWN;
    let found: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(SchemaError::Newer { found, known });
    }
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_riffle_is_left_alone() -> Result<(), rusqlite::Error> {
        let mut connection = Connection::open_in_memory()?;
        connection.pragma_update(None, "user_version", MIGRATIONS.len() + 1)?;
        let error = migrate(&mut connection).expect_err("must be refused");
        assert!(matches!(error, SchemaError::Newer { .. }), "{error}");
        Ok(())
    }

    #[test]
    fn steps_are_taken_once() -> Result<(), SchemaError> {
        let mut connection = Connection::open_in_memory()?;
        migrate(&mut connection)?;
        migrate(&mut connection)?;
        let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        assert_eq!(version, MIGRATIONS.len());
        Ok(())
    }
}
