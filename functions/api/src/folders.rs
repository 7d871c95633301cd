//! The folders of the server's own machine, where it is the person's own.

use axum::extract::State;
use axum::http::StatusCode;
use riffle_contracts::http::{FolderEntry, FolderListing};
use riffle_ports::SourceError;
use serde::Deserialize;

use crate::answer::{Answer, Json, Query};
use crate::{Deps, Refusal};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Absolute; the home folder if left out.
    path: Option<String>,
}

/// The folders in a folder, to choose one. On a person's own machine alone.
#[utoipa::path(
    get,
    path = "/api/folders",
    tag = "sources",
    params(Wanted),
    responses((status = 200, body = FolderListing))
)]
pub async fn folders(State(deps): State<Deps>, Query(wanted): Query<Wanted>) -> Answer<Json<FolderListing>> {
    let Some(browser) = &deps.folders else {
        return Err(Refusal::not_found("Folders are shown where the platform runs on your own machine."));
    };
    let path = wanted.path.as_deref().filter(|path| !path.is_empty());
    let folder = browser.folder(path).await.map_err(|error| match error {
        SourceError::Refused(why) => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, why),
        // Of a folder on this machine nobody says that.
        SourceError::TokenExpired => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        SourceError::Port(error) => error.into(),
    })?;
    let folders = folder.folders.into_iter().map(|(name, path)| FolderEntry { name, path });
    Ok(Json(FolderListing {
        path: folder.path,
        parent: folder.parent,
        folders: folders.collect(),
        files: folder.files,
    }))
}
