//! The configuration of a function: its environment variables, read once at the cold start. An invalid value prevents
//! the start; the error names the variable.

use std::collections::BTreeMap;
use std::str::FromStr;

/// An error in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("{variable} is {value:?}: expected {wanted}")]
    Wrong { variable: &'static str, value: String, wanted: &'static str },
    #[error("{0}")]
    Client(String),
    /// An error in the environment that the platform sets.
    #[error(transparent)]
    Platform(#[from] riffle_ports::PortError),
}

/// The environment variables. An empty variable counts as not set.
#[derive(Clone)]
pub struct Env(BTreeMap<String, String>);

impl std::fmt::Debug for Env {
    /// Prints only the names, because values may be credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Env {
    /// Returns the environment of this process.
    pub fn of_process() -> Self {
        Self::of(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    pub fn text(&self, variable: &'static str) -> Result<String, ConfigError> {
        self.optional(variable).ok_or(ConfigError::Missing(variable))
    }

    pub fn optional(&self, variable: &'static str) -> Option<String> {
        self.0.get(variable).cloned()
    }

    /// Returns an address with one of `schemes`, without a trailing slash.
    pub fn url(&self, variable: &'static str, schemes: &[&str]) -> Result<String, ConfigError> {
        let value = self.text(variable)?;
        let known = schemes.iter().any(|scheme| {
            value
                .strip_prefix(scheme)
                .and_then(|rest| rest.strip_prefix("://"))
                .is_some_and(|rest| !rest.is_empty())
        });
        if known {
            Ok(value.trim_end_matches('/').to_owned())
        } else {
            Err(ConfigError::Wrong { variable, value, wanted: "a whole address" })
        }
    }

    /// Returns a number, or `default` if the variable is not set.
    pub fn number<T: FromStr>(&self, variable: &'static str, default: T) -> Result<T, ConfigError> {
        let Some(value) = self.optional(variable) else { return Ok(default) };
        value.parse().map_err(|_| ConfigError::Wrong { variable, value, wanted: "a number" })
    }

    /// Returns whether a variable is `on`. The other valid value is `off`, which is the default.
    pub fn is_on(&self, variable: &'static str) -> Result<bool, ConfigError> {
        match self.optional(variable).as_deref() {
            None | Some("off") => Ok(false),
            Some("on") => Ok(true),
            Some(value) => Err(ConfigError::Wrong { variable, value: value.to_owned(), wanted: "on or off" }),
        }
    }

    /// Returns the values of a comma-separated list.
    pub fn list(&self, variable: &'static str) -> Vec<String> {
        let value = self.optional(variable).unwrap_or_default();
        value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        Env::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_wrong_value_names_its_variable() {
        let env = env(&[("A", ""), ("N", "ten"), ("U", "example.com"), ("S", "yes")]);
        assert_eq!(env.text("A"), Err(ConfigError::Missing("A")));
        assert_eq!(env.text("A").unwrap_err().to_string(), "A is not set");
        assert_eq!(env.number("N", 1).unwrap_err().to_string(), "N is \"ten\": expected a number");
        assert!(env.url("U", &["https"]).unwrap_err().to_string().starts_with("U is \"example.com\""));
        assert!(env.is_on("S").unwrap_err().to_string().contains("on or off"));
    }

    #[test]
    fn values_are_read_as_written() {
        let env = env(&[("N", "7"), ("U", "https://example.com/"), ("S", "on"), ("L", "a, b,,c")]);
        assert_eq!(env.number("N", 1), Ok(7));
        assert_eq!(env.number("M", 1), Ok(1));
        assert_eq!(env.url("U", &["http", "https"]).as_deref(), Ok("https://example.com"));
        assert_eq!((env.is_on("S"), env.is_on("T")), (Ok(true), Ok(false)));
        assert_eq!(env.list("L"), ["a", "b", "c"]);
    }

    #[test]
    fn values_are_not_printed() {
        assert_eq!(
            format!("{:?}", env(&[("AWS_SECRET_ACCESS_KEY", "geheim")])),
            r#"{"AWS_SECRET_ACCESS_KEY"}"#
        );
    }
}
