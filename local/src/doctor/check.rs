//! Checks with their results, and their output for people and programs.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::error::CommandError;
use crate::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// It works, but not completely, or something waits for a person.
    Warning,
    /// Something does not work, or could not be checked.
    Problem,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    #[serde(rename = "check")]
    pub name: String,
    pub level: Level,
    pub found: String,
    #[serde(rename = "do")]
    pub advice: Option<String>,
}

#[derive(Debug, Default)]
pub struct Checks(pub Vec<Check>);

impl Checks {
    pub fn ok(&mut self, name: &str, found: impl Into<String>) {
        self.add(Level::Ok, name, found.into(), None);
    }

    /// Adds a passed check with advice on an optional improvement.
    pub fn hint(&mut self, name: &str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Ok, name, found.into(), Some(advice.into()));
    }

    pub fn warning(&mut self, name: &str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Warning, name, found.into(), Some(advice.into()));
    }

    pub fn problem(&mut self, name: &str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Problem, name, found.into(), Some(advice.into()));
    }

    /// Adds a check whose text already says what to do.
    pub fn says(&mut self, level: Level, name: &str, found: impl Into<String>) {
        self.add(level, name, found.into(), None);
    }

    fn add(&mut self, level: Level, name: &str, found: String, advice: Option<String>) {
        self.0.push(Check { name: name.to_owned(), level, found, advice });
    }

    fn worst(&self) -> Level {
        self.0.iter().map(|check| check.level).max().unwrap_or(Level::Ok)
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.worst() as u8)
    }

    /// Prints a table on a terminal, else lines with fields separated by tabs, or JSON.
    pub fn print(&self, json: bool) -> Result<(), CommandError> {
        let mut out = io::stdout().lock();
        if json {
            for check in &self.0 {
                let line =
                    serde_json::to_string(check).map_err(|error| CommandError::new(error.to_string()))?;
                writeln!(out, "{line}")?;
            }
        } else if out.is_terminal() {
            write!(out, "{}", self.table())?;
        } else {
            write!(out, "{}", self.lines())?;
        }
        Ok(())
    }

    fn lines(&self) -> String {
        let plain = |text: &str| text.replace(char::is_control, " ");
        let line = |Check { name, level, found, advice }: &Check| {
            let advice = plain(advice.as_deref().unwrap_or_default());
            format!("{}\t{name}\t{}\t{advice}\n", words::named(level), plain(found))
        };
        self.0.iter().map(line).collect()
    }

    fn table(&self) -> String {
        let width = self.0.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
        let mut table = String::new();
        for Check { name, level, found, advice } in &self.0 {
            let found = found.replace(char::is_control, " ");
            table += &format!("{:<7}  {name:<width$}  {found}\n", words::named(level));
            if let Some(advice) = advice {
                table += &format!("{:<7}  {:<width$}  → {}\n", "", "", advice.replace(char::is_control, " "));
            }
        }
        let number = |level| self.0.iter().filter(|check| check.level == level).count() as u64;
        let (problems, warnings) = (number(Level::Problem), number(Level::Warning));
        table += &match (problems, warnings) {
            (0, 0) => "No problems found.\n".to_owned(),
            (problems, warnings) => {
                format!("{}, {}.\n", words::count(problems, "problem"), words::count(warnings, "warning"))
            }
        };
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_every_form_says_what_to_do() {
        let mut checks = Checks::default();
        checks.ok("page", "built into this program");
        assert_eq!(checks.worst(), Level::Ok);
        assert!(checks.table().ends_with("No problems found.\n"));
        checks.warning("dead letters", "2,\nold", "riffle redrive");
        assert_eq!(checks.worst() as u8, 1);
        checks.says(Level::Problem, "pdfium", "cannot be read");
        assert_eq!(checks.worst() as u8, 2);
        assert_eq!(
            checks.table(),
            "ok       page          built into this program\n\
             warning  dead letters  2, old\n\
             \x20                      → riffle redrive\n\
             problem  pdfium        cannot be read\n\
             1 problem, 1 warning.\n"
        );
        assert_eq!(
            checks.lines(),
            "ok\tpage\tbuilt into this program\t\nwarning\tdead letters\t2, old\triffle redrive\n\
             problem\tpdfium\tcannot be read\t\n"
        );
        let json = serde_json::to_value(&checks.0[1]).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({"check": "dead letters", "level": "warning", "found": "2,\nold", "do": "riffle redrive"})
        );
    }
}
