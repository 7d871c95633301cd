//! Extractors that the routes share: the tenant of a request, its body, path and query. Unusable input is refused with
//! a [`Refusal`].

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::{ApiDeps, Refusal, Tenant};

/// The result of a route.
pub type Answer<T> = Result<T, Refusal>;

/// A JSON body. It must be an object, because serde would also accept an array of the field values.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let axum::Json(object) = axum::Json::<Map<String, Value>>::from_request(request, state).await?;
        let body = serde_json::from_value(Value::Object(object)).map(Self);
        body.map_err(|error| Refusal::invalid(format!("The request body is not valid: {error}.")))
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The parameters in a path or in a query. Unusable ones are refused with a [`Refusal`].
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Refusal))]
pub struct Path<T>(pub T);

#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Refusal))]
pub struct Query<T>(pub T);

/// The tenant of a request, and the dependencies to answer it.
pub struct Caller {
    pub tenant: Arc<str>,
    pub deps: ApiDeps,
}

impl FromRequestParts<ApiDeps> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, deps: &ApiDeps) -> Result<Self, Refusal> {
        // Only `handle` calls the routes, and it sets the tenant.
        let Tenant(tenant) = parts.extensions.get().cloned().ok_or_else(Refusal::broken)?;
        Ok(Self { tenant, deps: deps.clone() })
    }
}

/// The id of a scan, a file or an upload, as it appears in a path. Text of any other form never reaches a store.
#[derive(Debug, Clone, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, pattern = "^[0-9a-f]{32}$")]
pub struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        let hex = id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self(id)) } else { Err(D::Error::custom("an id must have 32 hexadecimal digits")) }
    }
}

/// A list that is returned in pages.
pub trait List {
    /// The default number of entries in a page.
    const USUAL: u32;
    /// The maximum number of entries in a page.
    const MOST: u32;
    /// The regular expression that its cursors match.
    const CURSOR: &'static str;
}

/// The part of a list that a request asks for.
#[derive(Debug, serde::Deserialize)]
pub struct Paging<L> {
    cursor: Option<String>,
    limit: Option<u32>,
    #[serde(skip)]
    list: PhantomData<L>,
}

impl<L: List> Paging<L> {
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    pub fn limit(&self) -> Answer<u32> {
        let limit = self.limit.unwrap_or(L::USUAL);
        if (1..=L::MOST).contains(&limit) {
            return Ok(limit);
        }
        Err(Refusal::bad_request(format!("The limit must be between 1 and {}.", L::MOST)))
    }
}

impl<L: List> IntoParams for Paging<L> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let cursor = ObjectBuilder::new().schema_type(Type::String).pattern(Some(L::CURSOR));
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(L::MOST))
            .default(Some(L::USUAL.into()));
        let parameter = |name: &str, what: &str, schema: ObjectBuilder| {
            ParameterBuilder::new()
                .name(name)
                .description(Some(what))
                .parameter_in(ParameterIn::Query)
                .schema(Some(schema))
                .build()
        };
        vec![
            parameter(
                "cursor",
                "The `next_cursor` of the previous page. Omit it for the first page.",
                cursor,
            ),
            parameter("limit", "Maximum number of items to return.", limit),
        ]
    }
}
