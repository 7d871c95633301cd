//! Where things lie: keys of the object store, and whose a key of the uploads bucket is.

use riffle_ports::FileId;
use riffle_topology::statements::PREFIX;

use crate::state::ids;

/// The account of rows for which neither the file nor its owner names one.
pub const UNNAMED_ACCOUNT: &str = "unnamed";

/// The keys of the transactions of a file, part by part.
pub fn part(tenant: &str, file: &FileId, part: u32) -> String {
    format!("statements/{}/{file}/{part:06}", ids::tenant(tenant))
}

/// A tenant's rules of categories.
pub fn rules(tenant: &str) -> String {
    format!("rules/{}", ids::tenant(tenant))
}

/// The tenant whose an uploaded key is, and the rest of it. `None`: it is no statement.
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
