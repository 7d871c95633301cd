//! The token of one server, and the browsers that have shown it.
//!
//! A browser gets a cookie that does not contain the token: the cookie's expiry time, signed with the token. A new
//! token invalidates all cookies.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::CommandError;

/// A file in the state folder that only its owner can read.
const FILE: &str = "token";
/// How long a browser is remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(30);
/// The number of wrong tokens that are checked within [`PAUSE`]. After that no token is checked until the time is over.
const GUESSES: u32 = 20;
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// The secret that a client must know.
pub struct AccessToken {
    secret: String,
    /// Browsers send the cookies of a machine to all its ports, so each server needs its own cookie name.
    cookie: String,
    guesses: Mutex<Guesses>,
}

struct Guesses {
    wrong: u32,
    /// `None` if there was no guess yet.
    since: Option<DateTime<Utc>>,
}

/// The result of checking a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenCheck {
    Right,
    Wrong,
    /// It was not checked, because there were too many wrong ones before.
    NotNow,
}

impl AccessToken {
    /// Uses a `token` that its owner chose, for the server on `port`.
    pub fn new(token: String, port: u16) -> Result<Self, CommandError> {
        if token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CommandError::new(
                "the token must have at least 16 characters, only letters and digits",
            ));
        }
        let guesses = Mutex::new(Guesses { wrong: 0, since: None });
        Ok(Self { secret: token, cookie: format!("riffle_{port}"), guesses })
    }

    /// Returns the random token of this state folder, created on first use, so that the page's address stays valid.
    pub fn of_folder(state: &Path) -> Result<String, CommandError> {
        if let Some(token) = known(state) {
            return Ok(token);
        }
        let path = state.join(FILE);
        let unusable = |error: io::Error| CommandError::new(format!("{}: {error}", path.display()));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| unusable(io::Error::other(error.to_string())))?;
        let token = HEXLOWER.encode(&random);
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        created.and_then(|mut file| writeln!(file, "{token}")).map_err(unusable)?;
        Ok(token)
    }

    /// Returns the address that opens the page. A browser never sends the part after `#` to a server.
    pub fn address(&self, base: &str) -> String {
        format!("{base}/#token={}", self.secret)
    }

    /// Checks a token that a client gave.
    pub fn try_out(&self, given: &str, now: DateTime<Utc>) -> TokenCheck {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        if guesses.since.is_none_or(|since| now - since > PAUSE) {
            *guesses = Guesses { wrong: 0, since: Some(now) };
        }
        if guesses.wrong >= GUESSES {
            return TokenCheck::NotNow;
        }
        if same(given, &self.secret) {
            return TokenCheck::Right;
        }
        guesses.wrong += 1;
        TokenCheck::Wrong
    }

    /// Whether a cookie of this server is valid and has not expired.
    pub fn remembers(&self, headers: &HeaderMap, now: DateTime<Utc>) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut own = cookies
            .flat_map(|cookies| cookies.split("; "))
            .filter_map(|cookie| cookie.strip_prefix(&*self.cookie)?.strip_prefix('='));
        own.any(|value| {
            let Some((until, signature)) = value.split_once('.') else { return false };
            let Ok(signature) = HEXLOWER.decode(signature.as_bytes()) else { return false };
            until.parse().is_ok_and(|until: i64| until > now.timestamp())
                && self.mac(until).verify_slice(&signature).is_ok()
        })
    }

    /// Returns a cookie for a browser that has just shown the token.
    pub fn cookie(&self, now: DateTime<Utc>) -> HeaderValue {
        let until = (now + REMEMBERED).timestamp().to_string();
        let signature = HEXLOWER.encode(&self.mac(&until).finalize().into_bytes());
        let (name, age) = (&self.cookie, REMEMBERED.num_seconds());
        let cookie = format!("{name}={until}.{signature}; Max-Age={age}; HttpOnly; SameSite=Strict; Path=/");
        HeaderValue::try_from(cookie).expect("digits and letters")
    }

    fn mac(&self, until: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("a key of any length");
        mac.update(format!("riffle browser until {until}").as_bytes());
        mac
    }
}

/// Returns the random token of a state folder. A file that other users can read, or could have written, is ignored.
pub fn known(state: &Path) -> Option<String> {
    let path = state.join(FILE);
    // A link could lead to a file outside this folder.
    let own = fs::symlink_metadata(&path).ok()?;
    let folder = fs::metadata(state).ok()?;
    if !own.is_file() || own.uid() != folder.uid() || own.mode() & 0o077 != 0 {
        return None;
    }
    let token = fs::read_to_string(path).ok()?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

/// Compares two tokens in a time that depends only on their lengths.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn token(token: &str) -> AccessToken {
        AccessToken::new(token.to_owned(), 8750).expect("a good token")
    }

    fn remembers(token: &AccessToken, cookie: &str, now: DateTime<Utc>) -> bool {
        let headers = HeaderMap::from_iter([(header::COOKIE, cookie.parse().expect("a header"))]);
        token.remembers(&headers, now)
    }

    #[test]
    fn a_cookie_is_good_for_its_token_and_its_time() {
        let own = token(TOKEN);
        let now = DateTime::UNIX_EPOCH;
        let set = own.cookie(now);
        let cookie = set.to_str().expect("text").split(';').next().expect("name and value").to_owned();
        assert!(!cookie.contains(TOKEN), "{cookie}");
        assert!(remembers(&own, &cookie, now));
        assert!(remembers(&own, &format!("a=b; {cookie}"), now));
        assert!(!remembers(&own, &cookie, now + REMEMBERED));
        assert!(!remembers(&token("fedcba9876543210"), &cookie, now), "another token");
        let (name, value) = cookie.split_once('=').expect("a cookie");
        let (until, signature) = value.split_once('.').expect("two parts");
        let later = until.parse::<i64>().expect("a time") + 1;
        for forged in [
            format!("{name}={later}.{signature}"),
            format!("{name}={until}."),
            format!("{name}={until}"),
            format!("{name}={until}.{}", signature.to_uppercase()),
            format!("riffle_1={value}"),
        ] {
            assert!(!remembers(&own, &forged, now), "{forged}");
        }
    }

    #[test]
    fn after_many_wrong_tokens_none_is_looked_at() {
        let own = token(TOKEN);
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(own.try_out(TOKEN, now), TokenCheck::Right);
        for _ in 0..GUESSES {
            assert_eq!(own.try_out("0123456789abcdeF", now), TokenCheck::Wrong);
        }
        assert_eq!(own.try_out(TOKEN, now + PAUSE), TokenCheck::NotNow);
        assert_eq!(own.try_out(TOKEN, now + PAUSE * 2), TokenCheck::Right);
    }

    #[test]
    fn a_folder_keeps_its_token_to_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let first = AccessToken::of_folder(folder.path()).expect("a token");
        assert_eq!(AccessToken::of_folder(folder.path()).expect("a token"), first);
        assert_eq!(token(&first).try_out(&first, DateTime::UNIX_EPOCH), TokenCheck::Right);
        let mode = fs::metadata(folder.path().join(FILE)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.path().join(FILE), "").expect("a write that was broken off");
        assert_ne!(AccessToken::of_folder(folder.path()).expect("a token"), first);
        // Another user can read this file, or could have created it.
        let path = folder.path().join(FILE);
        fs::write(&path, "0123456789abcdef0123456789abcdef\n").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("for all");
        let own = AccessToken::of_folder(folder.path()).expect("a token");
        assert_ne!(own, "0123456789abcdef0123456789abcdef");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        fs::rename(&path, folder.path().join("elsewhere")).expect("moved");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).expect("a link");
        assert_ne!(AccessToken::of_folder(folder.path()).expect("a token"), own);
    }
}
