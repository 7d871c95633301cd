//! The actions of clients. Each one checks, stores and enqueues; the answer is pushed as frames.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use riffle_contracts::{Action, ErrorCode, FrameBody, Options, ScheduledScan, Secret, StartScan};
use riffle_ports::{
    Connection, CountedUse, Exceeded, Failure, PortError, Session, SessionId, Source, State, TokenVault,
    Transition, TransitionResult, is_drive_id, is_key,
};

use crate::codes::CodesError;
use crate::matching::CodeList;
use crate::sources::uploads::is_id;
use crate::state::access_token::{self, MY_DRIVE};
use crate::state::request::{Request, keys, session_id};
use crate::{Scan, announce};

/// The longest `request_id`, in characters.
const MAX_REQUEST_ID: usize = 128;
/// The longest prefix, in bytes. Together with the tenant's part before it, it must fit the 1,024 bytes of an object
/// key.
const MAX_PREFIX: usize = 900;

/// The validated content of a start request.
struct ValidatedStart {
    source: Source,
    codes: CodeList,
    options: Options,
    retry_of: Option<SessionId>,
}

/// The reason an action was refused, as sent to the client.
struct ActionRefusal {
    code: ErrorCode,
    message: String,
    session: Option<SessionId>,
}

impl ActionRefusal {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), session: None }
    }

    fn bad(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }
}

impl From<PortError> for ActionRefusal {
    fn from(error: PortError) -> Self {
        tracing::error!(%error, "an action failed");
        Self::new(ErrorCode::Unavailable, "The service did not answer. Try again.")
    }
}

impl From<Exceeded> for ActionRefusal {
    fn from(exceeded: Exceeded) -> Self {
        Self::new(ErrorCode::QuotaExceeded, exceeded.to_string())
    }
}

impl Scan {
    /// Processes one message of a client. Errors are sent to that client only.
    pub async fn act(&self, connection: &Connection, message: &str) {
        let Err(refusal) = self.carry_out(connection, message).await else { return };
        let frame = announce::error(refusal.code, refusal.message);
        self.reply(&connection.id, refusal.session.as_ref(), frame).await;
    }

    async fn carry_out(&self, connection: &Connection, message: &str) -> Result<(), ActionRefusal> {
        self.quotas.take(&connection.tenant, CountedUse::Requests, 1).await??;
        // The reply does not quote the message: it may hold a token.
        let action = serde_json::from_str(message)
            .map_err(|error| ActionRefusal::bad(format!("This is not a valid action: {error}")))?;
        self.dispatch_action(connection, action).await
    }

    async fn dispatch_action(&self, connection: &Connection, action: Action) -> Result<(), ActionRefusal> {
        match action {
            Action::StartScan(start) => self.start(connection, *start).await,
            Action::Resume { session_id, cursor } => {
                let session = self.own_session(&connection.tenant, session_id).await?;
                self.ports.connections.subscribe(&session.id, &connection.id).await?;
                // Read again after subscribing: earlier events are in the snapshot, later ones arrive as frames.
                let session = self.own_session(&connection.tenant, session.id.0).await?;
                self.snapshot(connection, &session, cursor).await
            }
            Action::CancelScan { session_id } => self.cancel(connection, session_id).await,
            Action::RenewToken { session_id, token } => self.renew(connection, session_id, token).await,
            Action::Ping { session_id } => {
                self.reply(&connection.id, session_id.map(SessionId).as_ref(), FrameBody::Pong).await;
                Ok(())
            }
        }
    }

    async fn start(&self, connection: &Connection, start: StartScan) -> Result<(), ActionRefusal> {
        let token = start.token.clone();
        let (session, is_new) = self.create(&connection.tenant, start).await?;
        let is_lent = token.is_some();
        if let (Some(token), Some(vault)) = (token, &self.tokens) {
            self.lend(&**vault, &session, token, is_new).await?;
        }
        self.ports.connections.subscribe(&session.id, &connection.id).await?;
        self.hand_over(&session).await?;
        // Read again, as for `resume`: a session near its end may have ended, and announced it, before the
        // subscription.
        let session = self.own_session(&connection.tenant, session.id.0).await?;
        if is_lent && !session.reads() {
            // The session may have ended, and its token been removed, before this token was stored.
            self.forget_token(&session).await?;
        }
        self.snapshot(connection, &session, None).await
    }

    /// Starts a scheduled scan, unless it was started already.
    pub async fn start_scheduled(&self, scheduled: ScheduledScan) -> Result<(), Failure> {
        let ScheduledScan { name, scheduled_time, tenant, prefix, codes, codes_key, options } = scheduled;
        let start = StartScan {
            request_id: Some(format!("schedule {name} {scheduled_time}")),
            prefix: Some(prefix),
            target_hole_codes: codes,
            codes_key,
            options,
            ..StartScan::default()
        };
        let started = async {
            let (session, _) = self.create(&tenant, start).await?;
            self.hand_over(&session).await
        };
        started.await.map_err(|refusal: ActionRefusal| match refusal.code {
            ErrorCode::Unavailable => Failure::Retry(refusal.message),
            _ => {
                Failure::Reject(format!("the scheduled scan {name:?} cannot be started: {}", refusal.message))
            }
        })
    }

    /// Returns the requested session, created if necessary, and whether it is new.
    async fn create(&self, tenant: &str, start: StartScan) -> Result<(Session, bool), ActionRefusal> {
        let request_id = match &start.request_id {
            Some(id) if id.is_empty() || id.chars().nth(MAX_REQUEST_ID).is_some() => {
                let message = format!("A request_id must have 1 to {MAX_REQUEST_ID} characters.");
                return Err(ActionRefusal::bad(message));
            }
            Some(id) => id.clone(),
            None => self.ports.ids.fresh(),
        };
        let id = session_id(tenant, &request_id);
        let known = self.ports.ledger.session(&id).await?;
        if known.as_ref().is_some_and(|session| session.state.is_gone()) {
            let message = "This request_id was used for a scan that was deleted. Use a new one.";
            return Err(ActionRefusal::new(ErrorCode::RequestIdReused, message));
        }
        let asked = match start.retry_of.clone() {
            None => ValidatedStart {
                source: self.source(tenant, &id, &start).await?,
                codes: self.code_list(tenant, &start).await?,
                options: start.options,
                retry_of: None,
            },
            Some(earlier) => self.retry_of(tenant, &id, &start, earlier).await?,
        };
        self.hold_upload(tenant, &id, &asked).await?;
        let codes_digest = self.store_codes(&id, &asked.codes).await?;
        let ValidatedStart { source, codes, options, retry_of } = asked;
        let codes = u32::try_from(codes.len()).ok();
        let request = Request { source, options, codes_digest, codes, retry_of }.encode();
        let now = self.ports.clock.now();
        let session = Session::new(id, tenant.to_owned(), request, now, now + self.settings.deadline);
        if known.is_none() {
            // Counted last, so that a scan that cannot be started is not counted.
            self.quotas.take(tenant, CountedUse::Scans, 1).await??;
        }
        match self.ports.ledger.create(session.clone()).await? {
            None => Ok((session, true)),
            Some(existing) if existing.request == session.request => Ok((existing, false)),
            Some(_) => {
                let message = "This request_id was used for another scan. Use a new one.";
                Err(ActionRefusal::new(ErrorCode::RequestIdReused, message))
            }
        }
    }

    /// Keeps the upload to be read, if the source is one, from being deleted with another scan.
    async fn hold_upload(
        &self,
        tenant: &str,
        id: &SessionId,
        asked: &ValidatedStart,
    ) -> Result<(), ActionRefusal> {
        let Source::Upload(upload) = &asked.source else { return Ok(()) };
        self.use_upload(id, upload).await?;
        // Checked again after storing the use: the upload may have been deleted meanwhile.
        match &asked.retry_of {
            None => self.own_upload(tenant, upload).await,
            Some(earlier) => self.own_session(tenant, earlier.0.clone()).await.map(drop),
        }
    }

    async fn own_upload(&self, tenant: &str, upload: &str) -> Result<(), ActionRefusal> {
        if is_id(upload) && self.ports.objects.get(&keys::upload(tenant, upload)).await?.is_some() {
            return Ok(());
        }
        Err(ActionRefusal::bad("This upload does not exist."))
    }

    /// Calls the dispatcher if the session still needs it.
    async fn hand_over(&self, session: &Session) -> Result<(), ActionRefusal> {
        if session.is_with_dispatcher() {
            // Also for an existing session: the process that created it may have ended before this line.
            self.call_dispatcher(&session.id).await.map_err(|failure| waits(&session.id, &failure))?;
        }
        Ok(())
    }

    /// Stores the token of a start request. For an existing session, only if it has no token and has read nothing yet:
    /// the process that created it may have ended before storing the token, but the message may also be an old one,
    /// with a token older than the session's current one.
    async fn lend(
        &self,
        vault: &dyn TokenVault,
        session: &Session,
        token: Secret,
        is_new: bool,
    ) -> Result<(), PortError> {
        let (tenant, id) = (session.tenant.as_str(), &session.id);
        let lacks = session.state == State::Listing && session.renewals == 0;
        if is_new || (lacks && vault.get(tenant, id).await?.is_none()) {
            self.keep_token(vault, (tenant, id), token).await?;
        }
        Ok(())
    }

    /// Stores a new token for a session and has the session continue. Does all of it on each call, because an earlier
    /// call may have ended half-way.
    async fn renew(
        &self,
        connection: &Connection,
        session_id: String,
        token: Secret,
    ) -> Result<(), ActionRefusal> {
        let session = self.own_session(&connection.tenant, session_id).await?;
        let id = session.id.clone();
        let refuse = |code, message: String| ActionRefusal { code, message, session: Some(id.clone()) };
        let vault = self.tokens.as_ref().filter(|_| is_drive(&session));
        let Some(vault) = vault else {
            return Err(refuse(
                ErrorCode::WrongState,
                "This scan does not read a Google Drive folder.".to_owned(),
            ));
        };
        if let Some(message) = access_token::refused(&token) {
            return Err(refuse(ErrorCode::BadRequest, message));
        }
        let needless =
            || refuse(ErrorCode::WrongState, "The scan no longer needs an access token.".to_owned());
        if !session.reads() {
            return Err(needless());
        }
        self.ports.connections.subscribe(&id, &connection.id).await?;
        self.keep_token(&**vault, (&session.tenant, &id), token).await?;
        let unpause = Transition::Unpause { now: self.ports.clock.now() };
        match self.ports.ledger.transition(&id, unpause).await? {
            TransitionResult::Applied(_) => {}
            // The session ended meanwhile: its token may have been removed before this one was stored.
            TransitionResult::Refused(_) | TransitionResult::NoSession => {
                vault.delete(&session.tenant, &id).await?;
                return Err(needless());
            }
        }
        self.call_dispatcher(&id).await.map_err(|failure| waits(&id, &failure))?;
        let session = self.own_session(&connection.tenant, id.0.clone()).await?;
        self.snapshot(connection, &session, None).await
    }

    /// Returns what a finished session was to do, to repeat it for its failed files.
    async fn retry_of(
        &self,
        tenant: &str,
        id: &SessionId,
        start: &StartScan,
        earlier: String,
    ) -> Result<ValidatedStart, ActionRefusal> {
        let mut given = sources(&StartScan { token: None, ..start.clone() });
        given.extend((!start.target_hole_codes.is_empty()).then_some("target_hole_codes"));
        given.extend(start.file_content.is_some().then_some("file_content"));
        given.extend(start.codes_key.is_some().then_some("codes_key"));
        given.extend((start.options != Options::default()).then_some("options"));
        if !given.is_empty() {
            let given = given.join(", ");
            let message = format!(
                "A retry uses the source, codes and options of the original scan: leave out {given}."
            );
            return Err(ActionRefusal::bad(message));
        }
        let earlier = self.own_session(tenant, earlier).await?;
        let advice = match earlier.state {
            State::Complete => None,
            State::Failed | State::Cancelled => Some("did not finish: start a new scan"),
            _ => Some("has not finished yet: retry it when it has finished"),
        };
        if let Some(advice) = advice {
            return Err(ActionRefusal::new(ErrorCode::WrongState, format!("The scan to retry {advice}.")));
        }
        let request = Request::decode(&earlier.request)?;
        let codes = self.load_codes(&earlier, &request).await?;
        let source = match request.source {
            Source::Drive { folder, .. } => self.drive(tenant, id, start, folder)?,
            _ if start.token.is_some() => {
                let message = "The scan to retry does not read a Google Drive folder: leave out token.";
                return Err(ActionRefusal::bad(message));
            }
            source => source,
        };
        Ok(ValidatedStart { source, codes, options: request.options, retry_of: Some(earlier.id) })
    }

    async fn source(&self, tenant: &str, id: &SessionId, start: &StartScan) -> Result<Source, ActionRefusal> {
        let named = sources(start);
        match named[..] {
            ["upload_id"] => {
                let upload = start.upload_id.clone().unwrap_or_default();
                self.own_upload(tenant, &upload).await?;
                Ok(Source::Upload(upload))
            }
            ["folders"] if self.settings.folders_allowed => Ok(Source::Folders(start.folders.clone())),
            ["prefix"] if self.settings.prefixes_allowed => {
                let prefix = start.prefix.clone().unwrap_or_default();
                if prefix.len() > MAX_PREFIX {
                    let message = format!("A prefix can have at most {MAX_PREFIX} bytes.");
                    return Err(ActionRefusal::bad(message));
                }
                Ok(Source::Prefix { tenant: tenant.to_owned(), prefix })
            }
            ["folder_id and token"] if self.tokens.is_some() => {
                let configured = || self.settings.drive_folder.clone().unwrap_or_else(|| MY_DRIVE.to_owned());
                let folder = start.folder_id.clone().unwrap_or_else(configured);
                self.drive(tenant, id, start, folder)
            }
            [one] => Err(ActionRefusal::bad(format!("{one} cannot be read here."))),
            [] => Err(ActionRefusal::bad("Choose what to read, for example a folder.")),
            _ => Err(ActionRefusal::bad(format!(
                "A scan can read only one source; this one names {}.",
                named.join(", ")
            ))),
        }
    }

    /// Returns a Google Drive folder as a source that is read with this session's own token.
    fn drive(
        &self,
        tenant: &str,
        id: &SessionId,
        start: &StartScan,
        folder: String,
    ) -> Result<Source, ActionRefusal> {
        let refuse = |message: &str| Err(ActionRefusal::bad(message));
        if self.tokens.is_none() {
            return refuse("Google Drive folders cannot be read here.");
        }
        let Some(token) = &start.token else {
            return refuse("A Google Drive folder can be read only with an access token: send it as token.");
        };
        if let Some(message) = access_token::refused(token) {
            return refuse(&message);
        }
        if !is_drive_id(&folder) {
            return refuse(
                "folder_id must be the id of a Google Drive folder: the part after /folders/ in its address.",
            );
        }
        Ok(Source::Drive { tenant: tenant.to_owned(), session: id.clone(), folder })
    }

    async fn code_list(&self, tenant: &str, start: &StartScan) -> Result<CodeList, ActionRefusal> {
        let mut given = start.target_hole_codes.clone();
        if let Some(content) = &start.file_content {
            let content = STANDARD
                .decode(content)
                .map_err(|error| ActionRefusal::bad(format!("file_content is not base64: {error}")))?;
            given.extend(self.listed(Bytes::from(content)).await?);
        }
        if let Some(key) = &start.codes_key {
            let missing = || ActionRefusal::bad("This uploaded list of codes does not exist.".to_owned());
            if !is_key(key) || !key.starts_with(&keys::uploads(tenant)) {
                return Err(missing());
            }
            let content = self.ports.objects.get(key).await?.ok_or_else(missing)?;
            if key.starts_with(&keys::code_lists(tenant)) {
                given.extend(serde_json::from_slice::<Vec<String>>(&content).map_err(|error| {
                    ActionRefusal::from(PortError::Broken(format!("the list {key} cannot be read: {error}")))
                })?);
            } else {
                given.extend(self.listed(content).await?);
            }
        }
        CodeList::new(given).map_err(|error| ActionRefusal::bad(format!("The codes cannot be used: {error}")))
    }

    async fn listed(&self, content: Bytes) -> Result<Vec<String>, ActionRefusal> {
        match self.code_file("", content).await {
            Ok(listing) => Ok(listing.codes),
            Err(CodesError::Port(error)) => Err(error.into()),
            Err(error) => Err(ActionRefusal::bad(format!("The list of codes cannot be read: {error}"))),
        }
    }

    async fn cancel(&self, connection: &Connection, session_id: String) -> Result<(), ActionRefusal> {
        let session = self.own_session(&connection.tenant, session_id).await?;
        self.ports.connections.subscribe(&session.id, &connection.id).await?;
        let session = match self.ports.ledger.transition(&session.id, Transition::Cancel).await? {
            TransitionResult::Applied(session) | TransitionResult::Refused(session) => session,
            TransitionResult::NoSession => return Err(not_found()),
        };
        if session.state == State::Cancelled {
            self.forget_token(&session).await?;
        }
        match session.state {
            // Also if an earlier try or another client cancelled it.
            State::Cancelled => self.audience(&session.id).await.send(announce::cancelled()).await,
            State::Complete => {
                self.reply(&connection.id, Some(&session.id), announce::complete(self, &session)).await;
            }
            // Too late to cancel: a COMPLETE frame follows, and this connection is subscribed.
            State::Finalizing => {}
            _ => {
                let message = "The scan has already ended.".to_owned();
                return Err(ActionRefusal {
                    code: ErrorCode::WrongState,
                    message,
                    session: Some(session.id),
                });
            }
        }
        Ok(())
    }

    async fn own_session(&self, tenant: &str, id: String) -> Result<Session, ActionRefusal> {
        self.find_own_session(tenant, &SessionId(id)).await?.ok_or_else(not_found)
    }

    async fn snapshot(
        &self,
        connection: &Connection,
        session: &Session,
        cursor: Option<String>,
    ) -> Result<(), ActionRefusal> {
        let start = match cursor {
            None => crate::queries::result_pages::Cursor::default(),
            Some(cursor) => cursor.parse().map_err(|()| {
                ActionRefusal::bad("This cursor is not from a SNAPSHOT. Resume without a cursor.")
            })?,
        };
        let frame = self.snapshot_page(session, start).await?;
        self.reply(&connection.id, Some(&session.id), frame).await;
        Ok(())
    }
}

/// Returns the names of the sources that a message gives.
fn sources(start: &StartScan) -> Vec<&'static str> {
    let named = [
        (!start.folders.is_empty(), "folders"),
        (start.prefix.is_some(), "prefix"),
        (start.upload_id.is_some(), "upload_id"),
        (start.folder_id.is_some() || start.token.is_some(), "folder_id and token"),
    ];
    named.iter().filter(|(given, _)| *given).map(|(_, name)| *name).collect()
}

fn is_drive(session: &Session) -> bool {
    Request::decode(&session.request).is_ok_and(|request| access_token::borrows(&request))
}

/// Logs that no dispatcher could be called for a session, and returns the reply for the client.
fn waits(id: &SessionId, failure: &Failure) -> ActionRefusal {
    tracing::error!(session = %id, %failure, "a session waits for the sweeper");
    ActionRefusal::new(ErrorCode::Unavailable, "The scan could not be started. Try again.")
}

fn not_found() -> ActionRefusal {
    ActionRefusal::new(ErrorCode::NotFound, "This scan does not exist.")
}
