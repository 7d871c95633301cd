//! Determines the tenant of a request that the gateway has authorised.

use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;

/// The claim that names the tenant. Without it each user is a separate tenant.
const CLAIM: &str = "custom:tenant";

/// Returns the tenant of a request whose token the gateway has verified, or `None` if the user is not signed in. The
/// gateway also accepts access tokens. These are issued for other programs and do not identify a person, so this
/// function rejects them.
pub fn signed_in(request: &lambda_http::Request) -> Option<String> {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else { return None };
    let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    if claims.get("token_use").is_none_or(|made_for| made_for != "id") {
        return None;
    }
    let tenant = claims.get(CLAIM).or_else(|| claims.get("sub"))?;
    is_tenant(tenant).then(|| tenant.clone())
}

/// Returns whether a name is valid as part of a key: 1 to 64 letters, digits, `_` and `-`.
fn is_tenant(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use lambda_http::request::from_str;
    use serde_json::{Value, json};

    use super::*;

    fn tenant(claims: &Value) -> Option<String> {
        let event = json!({
            "version": "2.0",
            "routeKey": "ANY /api/{proxy+}",
            "rawPath": "/api/scans",
            "rawQueryString": "",
            "headers": {},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r",
                "routeKey": "ANY /api/{proxy+}", "stage": "$default", "time": "", "timeEpoch": 0,
                "http": { "method": "GET", "path": "/api/scans", "protocol": "HTTP/1.1", "sourceIp": "", "userAgent": "" },
                "authorizer": claims,
            },
            "isBase64Encoded": false,
        });
        signed_in(&from_str(&event.to_string()).expect("a request"))
    }

    #[test]
    fn the_tenant_is_what_the_token_says() {
        let jwt = |claims: Value| json!({ "jwt": { "claims": claims, "scopes": null } });
        let named = jwt(json!({ "token_use": "id", "sub": "0f-1", "custom:tenant": "acme" }));
        assert_eq!(tenant(&named).as_deref(), Some("acme"));
        assert_eq!(tenant(&jwt(json!({ "token_use": "id", "sub": "0f-1" }))).as_deref(), Some("0f-1"));
        for other in [
            json!({ "sub": "0f-1" }),
            json!({ "token_use": "access", "sub": "0f-1", "custom:tenant": "acme" }),
        ] {
            assert_eq!(tenant(&jwt(other.clone())), None, "{other}");
        }
        for wrong in ["", "a/b", "../x", "a b", &"a".repeat(65)] {
            assert_eq!(
                tenant(&jwt(json!({ "token_use": "id", "sub": "s", "custom:tenant": wrong }))),
                None,
                "{wrong}"
            );
        }
        assert_eq!(tenant(&json!({})), None);
    }
}
