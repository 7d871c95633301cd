//! The folders of the server's own machine, where it is the person's own.

use axum::extract::State;
use riffle_contracts::http::{FolderEntry, FolderListing};
use riffle_ports::SourceError;
use serde::Deserialize;

use crate::answer::{Answer, Json, Query};
use crate::{Deps, Refusal};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Absolute; the home folder if left out.
    #[param(pattern = r"^/[^\u0000]*$")]
    path: Option<String>,
}

/// The folders in a folder, to choose one. On a person's own machine alone.
#[utoipa::path(
    get,
    path = "/api/folders",
    operation_id = "list_folders",
    tag = "sources",
    params(Wanted),
    responses(
        (status = 200, body = FolderListing),
        (status = 404, description = "There is no such folder, it cannot be shown, or none is shown here.")
    )
)]
pub async fn folders(State(deps): State<Deps>, Query(wanted): Query<Wanted>) -> Answer<Json<FolderListing>> {
    let Some(browser) = &deps.folders else {
        return Err(Refusal::not_found("Folders are shown where the platform runs on your own machine."));
    };
    let path = wanted.path.as_deref();
    if path.is_some_and(|path| !path.starts_with('/') || path.contains('\0')) {
        return Err(Refusal::bad_request("A folder is named by its absolute path, such as /home."));
    }
    let folder = browser.folder(path).await.map_err(|error| match error {
        SourceError::Refused(why) => Refusal::not_found(why),
        // Of a folder on this machine nobody says that.
        SourceError::TokenExpired => Refusal::not_found(error.to_string()),
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
