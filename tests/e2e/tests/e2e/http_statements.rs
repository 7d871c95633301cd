//! Statements over HTTP, as the page uses it: uploaded with a form, listed, categorised by rules, deleted.

use serde_json::{Value, json};

use crate::bank::{Bank, THREE, rows};
use crate::deadline::until;
use crate::http::assert_problem;
use crate::server::{HttpResponse, Server};

impl Server {
    fn ask(&self, path: &str) -> Value {
        let answer = self.get(path, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"), "{path}");
        answer.json()
    }

    fn form(&self, name: &str, content: &str, account: Option<&str>) -> Value {
        let new = json!({ "name": name, "size": content.len(), "account": account });
        let answer = self.post("/api/statements/files", &new);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    fn fill(&self, form: &Value, content: &str) -> HttpResponse {
        let mut body = String::new();
        for (name, value) in form["fields"].as_object().expect("fields") {
            let value = value.as_str().expect("text");
            body += &format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        body += "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\r\n";
        body += content;
        body += "\r\n--part--\r\n";
        let kind = [("Content-Type", "multipart/form-data; boundary=part")];
        self.send("POST", form["url"].as_str().expect("an address"), &kind, body.as_bytes())
    }

    /// Uploads a statement and waits until it has reached its final state.
    pub fn upload(&self, name: &str, content: &str, account: Option<&str>) -> Value {
        let answer = self.fill(&self.form(name, content, account), content);
        assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.body));
        until("the file is finished", || {
            let files = self.ask("/api/statements/files");
            let mut files = files["files"].as_array().expect("files").iter();
            let file = files.find(|file| file["name"] == name)?;
            (file["state"] != "queued" && file["state"] != "running").then(|| file.clone())
        })
    }

    fn amounts(&self, query: &str) -> Vec<String> {
        let page = self.ask(&format!("/api/statements/transactions{query}"));
        let rows = page["transactions"].as_array().expect("transactions").iter();
        rows.map(|row| row["amount"].as_str().expect("an amount").to_owned()).collect()
    }
}

#[test]
fn an_uploaded_statement_shows_with_figures_and_a_timeline() {
    let bank = Bank::new();
    let server = Server::start(&bank.state(), &[]);
    let file = server.upload("März \"2024\".csv", THREE, Some("Savings"));
    assert_eq!((&file["state"], &file["detail"]), (&json!("done"), &json!("processed")));
    assert_eq!((&file["rows"], &file["new"]), (&json!(3), &json!(3)));
    assert_eq!(server.amounts(""), ["100.00", "-3.00", "-3.00"], "newest first");
    assert_eq!(server.amounts("?text=COFFEE&max=-3"), ["-3.00", "-3.00"]);
    let id = file["id"].as_str().expect("an id");
    assert_eq!(
        server.amounts(&format!("?file={id}")),
        ["-3.00", "-3.00", "100.00"],
        "rows are in the order of the list"
    );
    let figures = until("figures are derived", || {
        let figures = server.ask("/api/statements/figures");
        figures["months"].get(0).cloned()
    });
    assert_eq!(
        (
            &figures["month"],
            &figures["account"],
            &figures["money_in"],
            &figures["money_out"],
            &figures["count"]
        ),
        (&json!("2024-01"), &json!("Savings"), &json!("100.00"), &json!("-6.00"), &json!(3))
    );
    let timeline = until("the timeline is complete", || {
        let timeline = server.ask(&format!("/api/statements/files/{id}/timeline"));
        let events = timeline["events"].as_array().expect("events").clone();
        (events.len() >= 4).then_some(events)
    });
    let kinds: Vec<&str> = timeline.iter().filter_map(|event| event["event_type"].as_str()).collect();
    assert_eq!(kinds[0], "file.uploaded", "{kinds:?}");
    for kind in ["file.processed", "transactions.created", "transactions.categorized"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let csv = server.get("/api/statements/transactions.csv", &[]);
    assert_eq!(String::from_utf8(csv.body).expect("text").lines().count(), 4, "a header and three rows");
    assert_eq!(server.ask("/api/statements/facets")["accounts"], json!(["Savings"]));
    assert_eq!(server.ask("/api/dead-letters"), json!({ "letters": [], "more": false }));

    let metrics = String::from_utf8(server.get("/api/metrics", &[]).body).expect("text");
    for line in [
        "riffle_stage_seconds_count{of=\"file-processor-consumer\"} 1",
        "riffle_queue_messages{queue=\"statements-audit\",state=\"ready\"} 0",
        "# TYPE riffle_publish_seconds summary",
        "# TYPE riffle_since_upload_seconds summary",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line} in {metrics}");
    }
}

#[test]
fn rules_give_categories_to_what_comes_and_by_a_replay_to_what_was() {
    let bank = Bank::new();
    let server = Server::start(&bank.state(), &[]);
    server.upload("before.csv", THREE, Some("Savings"));
    let rules = json!({ "yaml": "rules:\n  - category: Coffee\n    contains: coffee\n" });
    let answer = server.send(
        "PUT",
        "/api/statements/rules",
        &[("Content-Type", "application/json")],
        rules.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    server.upload("after.csv", &THREE.replace("2024-01", "2024-02"), Some("Savings"));
    until("later rows have their category", || (server.amounts("?category=Coffee").len() == 2).then_some(()));
    server.stop();

    let replay = ["replay", "--from", "2020-01-01", "--consumer", "categorization-consumer"];
    let shadow = bank.riffle(&[&replay[..], &["--shadow"]].concat());
    assert_eq!((shadow.code, shadow.out.len()), (Some(1), 2), "{shadow:?}");
    assert!(shadow.out.iter().all(|line| line.contains("uncategorised\tCoffee")), "{shadow:?}");
    assert_eq!(bank.riffle(&replay).code, Some(0));
    let shadow = bank.riffle(&[&replay[..], &["--shadow"]].concat());
    assert_eq!(
        (shadow.code, shadow.out.len()),
        (Some(0), 0),
        "a shadow replay finds no difference: {shadow:?}"
    );
    let figures =
        bank.riffle(&["replay", "--from", "2020-01-01", "--consumer", "analytics-consumer", "--shadow"]);
    assert_eq!(
        figures.code,
        Some(1),
        "a replay of one consumer leaves differences for the next: {figures:?}"
    );
    assert_eq!(
        bank.riffle(&["replay", "--from", "2020-01-01", "--consumer", "analytics-consumer"]).code,
        Some(0)
    );
    let server = Server::start(&bank.state(), &[]);
    assert_eq!(server.amounts("?category=Coffee").len(), 4);
}

#[test]
fn a_deleted_statement_leaves_nothing_but_that_it_was_there() {
    let bank = Bank::new();
    let server = Server::start(&bank.state(), &[]);
    let kept = server.upload("kept.csv", &rows(0, 30), Some("Savings"));
    let gone = server.upload("gone.csv", &rows(20, 30), Some("Savings"));
    assert_eq!((&gone["new"], &gone["duplicates"]), (&json!(20), &json!(10)));
    let path = format!("/api/statements/files/{}", gone["id"].as_str().expect("an id"));
    let answer = server.send("DELETE", &path, &[], b"");
    assert_eq!(answer.status, 202);
    let deleted = until("the file is deleted", || {
        let file = server.ask(&path);
        (file["detail"] == "deleted").then_some(file)
    });
    assert_eq!((&deleted["name"], &deleted["rows"]), (&json!(""), &json!(0)));
    let left = server.ask("/api/statements/transactions?limit=1000");
    let left = left["transactions"].as_array().expect("transactions");
    assert_eq!(left.len(), 30, "rows of the other file stay");
    assert!(left.iter().all(|row| row["file"] == kept["id"]));
    until("figures follow", || {
        let figures = server.ask("/api/statements/figures");
        let counts = figures["months"].as_array().expect("months").iter();
        (counts.filter_map(|month| month["count"].as_u64()).sum::<u64>() == 30).then_some(())
    });
    until("its audit trail is removed", || {
        let timeline = server.ask(&format!("{path}/timeline"));
        let events = timeline["events"].as_array().expect("events").clone();
        (events.len() == 1 && events[0]["event_type"] == "file.deleted").then_some(())
    });
    server.stop();
    let state = std::fs::read(bank.state().join("state.sqlite")).expect("the database");
    let there = |text: &str| state.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(there("kept.csv") && there("payment 15"), "names and rows are in the state");
    assert!(
        !there("gone.csv") && !there("payment 45"),
        "but not those of the deleted file, not even in free pages"
    );
    // No event in the archive can restore it.
    for consumer in
        ["file-processor-consumer", "categorization-consumer", "analytics-consumer", "audit-consumer"]
    {
        assert_eq!(bank.riffle(&["replay", "--from", "2020-01-01", "--consumer", consumer]).code, Some(0));
    }
    let server = Server::start(&bank.state(), &[]);
    assert_eq!(server.amounts("?limit=1000").len(), 30);
    assert_eq!(server.ask(&path)["detail"], "deleted");
}

#[test]
fn forms_take_what_was_announced_and_outlive_the_server() {
    let bank = Bank::new();
    let server = Server::start(&bank.state(), &[]);
    let form = server.form("a.csv", THREE, None);
    assert_problem(&server.fill(&form, &THREE[1..]), 413);
    assert_problem(&server.fill(&form, &format!("{THREE} ")), 413);
    assert_problem(&server.post("/api/statements/files", &json!({ "name": "a.csv", "size": 0 })), 422);
    assert_problem(&server.get("/api/statements/files/0123", &[]), 404);
    assert_eq!(server.ask("/api/statements/files")["files"], json!([]));
    server.kill();
    let address_changed = Server::start(&bank.state(), &[]);
    assert_eq!(address_changed.fill(&form, THREE).status, 204);
    until("the transactions are listed", || {
        let files = address_changed.ask("/api/statements/files");
        (files["files"][0]["detail"] == "processed").then_some(())
    });
}

/// The response of a Lambda function is limited to 6 MB and carries the body as a JSON string, so that a quote in the
/// JSON body takes four bytes.
#[test]
fn the_longest_texts_fit_into_answers() {
    const ROWS: usize = 400;
    let bank = Bank::new();
    let server = Server::start(&bank.state(), &[]);
    let long = "\"\"x".repeat(900);
    let mut content = "Date,Payee,Description,Amount,Type\n".to_owned();
    for row in 0..ROWS {
        content += &format!("2024-01-02,\"{row}{long}\",\"{row}{long}\",-3.00,\"{row}{long}\"\n");
    }
    let file = server.upload("long.csv", &content, None);
    assert_eq!(file["rows"], json!(ROWS), "{file}");
    for list in ["?", &format!("?file={}&", file["id"].as_str().expect("an id"))] {
        let (mut pages, mut found, mut cursor) = (0, 0, None);
        loop {
            let next = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/api/statements/transactions{list}limit=1000{next}");
            let answer = server.get(&path, &[]);
            let in_text =
                serde_json::to_string(&String::from_utf8_lossy(&answer.body)).expect("a text").len();
            assert!(in_text < 6_000_000, "{in_text} bytes");
            let page = answer.json();
            found += page["transactions"].as_array().expect("transactions").len();
            pages += 1;
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = Some(next.to_owned());
        }
        assert_eq!(found, ROWS, "each row is on exactly one page");
        assert!(pages > 1, "the rows need more than one page");
    }
}
