//! Keys of the object store, and the tenant of a key of the uploads bucket.

use riffle_ports::FileId;
use riffle_topology::statements::PREFIX;

use crate::state::ids;

/// The account of rows for which neither the file nor its owner names one.
pub const UNNAMED_ACCOUNT: &str = "unnamed";

/// Returns the key of one part of the list of a file's transaction keys.
pub fn part(tenant: &str, file: &FileId, part: u32) -> String {
    format!("statements/{}/{file}/{part:06}", ids::tenant(tenant))
}

/// Returns the key of a tenant's categorisation rules.
pub fn rules(tenant: &str) -> String {
    format!("rules/{}", ids::tenant(tenant))
}

/// Returns the tenant of an uploaded key, and the rest of the key. `None`: it is not a statement.
pub fn tenant_of(key: &str) -> Option<(&str, &str)> {
    let (tenant, rest) = key.strip_prefix(PREFIX)?.split_once('/')?;
    (!tenant.is_empty() && !rest.is_empty()).then_some((tenant, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_lies_below_its_tenant() {
        assert_eq!(tenant_of("statements/acme/2026/a.csv"), Some(("acme", "2026/a.csv")));
        for other in
            ["statements/", "statements/acme", "statements/acme/", "statements//a", "uploads/acme/a", ""]
        {
            assert_eq!(tenant_of(other), None, "{other}");
        }
    }
}
