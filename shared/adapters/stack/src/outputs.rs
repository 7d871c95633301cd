//! The names of a stack's resources, as infra/src/riffle.ts outputs them.

use std::collections::BTreeMap;

/// A stack's outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs(BTreeMap<String, String>);

/// The reason why no outputs could be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputsError {
    #[error("it is not a JSON file of outputs: {0}")]
    Unreadable(String),
    #[error("it has no stack {wanted:?}, only {}", found.join(", "))]
    NoStack { wanted: String, found: Vec<String> },
    #[error("it has several stacks: choose one of {} with --stack", found.join(", "))]
    Several { found: Vec<String> },
}

impl Outputs {
    /// Parses the output of `cdk deploy --outputs-file` (outputs by stack) or `scripts/emulator deploy` (outputs of the
    /// only stack).
    ///
    /// # Errors
    /// The text has neither form, or does not contain the stack.
    pub fn parse(json: &str, stack: Option<&str>) -> Result<Self, OutputsError> {
        let unreadable = |error: serde_json::Error| OutputsError::Unreadable(error.to_string());
        if let Ok(one) = serde_json::from_str(json) {
            return Ok(Self(one));
        }
        let mut stacks: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_str(json).map_err(unreadable)?;
        let found: Vec<String> = stacks.keys().cloned().collect();
        let wanted = match (stack, &found[..]) {
            (Some(stack), _) => stack.to_owned(),
            (None, [one]) => one.clone(),
            (None, _) => return Err(OutputsError::Several { found }),
        };
        stacks.remove(&wanted).map(Self).ok_or(OutputsError::NoStack { wanted, found })
    }

    /// Returns an output; `None` if the stack lacks it or it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, String)> for Outputs {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(outputs: T) -> Self {
        Self(outputs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let flat = Outputs::parse(r#"{"ScanTable": "t", "PageUrl": ""}"#, None).expect("outputs");
        assert_eq!((flat.get("ScanTable"), flat.get("PageUrl"), flat.get("Other")), (Some("t"), None, None));
        let by_stack = r#"{"Riffle": {"ScanTable": "t"}, "Other": {}}"#;
        let chosen = Outputs::parse(by_stack, Some("Riffle")).expect("outputs");
        assert_eq!(chosen.get("ScanTable"), Some("t"));
        assert!(
            matches!(Outputs::parse(by_stack, None), Err(OutputsError::Several { found }) if found.len() == 2)
        );
        let missing = Outputs::parse(by_stack, Some("Rifle")).expect_err("no such stack");
        assert_eq!(missing.to_string(), "it has no stack \"Rifle\", only Other, Riffle");
        let only = Outputs::parse(r#"{"Riffle": {"ScanTable": "t"}}"#, None).expect("outputs");
        assert_eq!(only, chosen);
        assert!(matches!(Outputs::parse("[]", None), Err(OutputsError::Unreadable(_))));
    }
}
