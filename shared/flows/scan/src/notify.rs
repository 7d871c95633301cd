//! The notice that a scan has ended, for people who do not watch it.

use riffle_ports::{Failure, Notice, Session, State};

use crate::Scan;
use crate::settings::Links;

impl Scan {
    /// Sends the notice of an ended session, if notices are sent. After a fault it is sent again, with the same words.
    pub(crate) async fn notify(&self, session: &Session) -> Result<(), Failure> {
        match &self.notices {
            Some(notices) => Ok(notices.send(notice(&self.settings.links, session)).await?),
            None => Ok(()),
        }
    }
}

fn notice(links: &Links, session: &Session) -> Notice {
    let counts = session.counts;
    let mut body = match session.state {
        State::Complete => format!(
            "A scan is complete.\n\nFiles read: {}\nFiles that could not be read: {}\nMatches: {}\n",
            counts.processed - counts.failed,
            counts.failed,
            counts.matches
        ),
        _ => {
            format!("A scan has failed: {}\n", session.reason.as_deref().unwrap_or("no reason was recorded"))
        }
    };
    body += &format!("Session: {}\n", session.id);
    if let Links::Base(base) = links {
        body += &format!("\n{base}/scans/{}\n", session.id);
    }
    let subject = match session.state {
        State::Complete if counts.failed > 0 => {
            format!("Riffle: scan complete, {} files could not be read", counts.failed)
        }
        State::Complete => "Riffle: scan complete".to_owned(),
        _ => "Riffle: scan failed".to_owned(),
    };
    Notice { subject, body }
}
