//! Landlock: which files a process can open, and which ports and processes it can reach. Kernels before 5.13 lack it.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// The newest version requested; older kernels enforce the part they support.
const KNOWN: ABI = ABI::V6;

/// Creates a ruleset. Every access it handles is denied unless a rule allows it.
fn handled() -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()
}

/// Denies every path to this process. Descriptors that are already open stay usable.
pub fn deny_all() -> Result<(), String> {
    let status = handled().and_then(RulesetCreated::restrict_self).map_err(|error| error.to_string())?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock, or it is switched off".to_owned()),
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
    }
}

/// Returns rules that allow reading and executing below `paths`, where they exist, and using `/dev/null`.
pub fn reading(paths: &[PathBuf]) -> Result<RulesetCreated, RulesetError> {
    let mut rules = handled()?;
    for path in paths {
        rules = allow(rules, path, AccessFs::from_read(KNOWN))?;
    }
    allow(rules, "/dev/null".as_ref(), AccessFs::from_file(KNOWN))
}

fn allow(
    rules: RulesetCreated,
    path: &std::path::Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    // A path that does not exist needs no rule.
    let Ok(opened) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(KNOWN) };
    rules.add_rule(PathBeneath::new(opened, access))
}
