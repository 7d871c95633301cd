//! What routes share: whose request it is, and what stands in it, with problems of our own where it cannot be used.

use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::{Refusal, Tenant};

/// What a route answers.
pub type Answer<T> = Result<T, Refusal>;

/// A body, an address or a query, refused with a [`Refusal`].
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Refusal))]
pub struct Json<T>(pub T);

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Refusal))]
pub struct Path<T>(pub T);

#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Refusal))]
pub struct Query<T>(pub T);

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Only `handle` calls the routes, and it names a tenant.
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::broken)
    }
}

/// How much of a list is asked for, and from where on.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// As the page before had it; none for the first page.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many to list at most.
    #[serde(default)]
    #[param(minimum = 1)]
    pub limit: Option<u32>,
}

impl Paging {
    /// The cursor, if it is not blank.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }

    /// More than `most` is cut to it; nothing at all is refused.
    pub fn limit(&self, usual: u32, most: u32) -> Answer<u32> {
        match self.limit {
            Some(0) => Err(Refusal::bad_request("A page has a limit of at least 1.")),
            limit => Ok(limit.unwrap_or(usual).min(most)),
        }
    }
}
