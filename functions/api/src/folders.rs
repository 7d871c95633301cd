//! The folders of the server's machine, available where that is the user's own machine.

use axum::extract::State;
use riffle_contracts::http::{FolderEntry, FolderListing};
use riffle_ports::SourceError;
use serde::Deserialize;

use crate::answer::{Answer, Json, Query};
use crate::{ApiDeps, Refusal};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FolderQuery {
    /// Absolute path of the folder; the home folder by default.
    #[param(pattern = r"^/[^\u0000]*$")]
    path: Option<String>,
}

/// Lists the folders in a folder, to choose one. Available only where the platform runs on the user's own machine.
#[utoipa::path(
    get,
    path = "/api/folders",
    operation_id = "list_folders",
    tag = "sources",
    params(FolderQuery),
    responses(
        (status = 200, body = FolderListing),
        (status = 404, description = "The folder does not exist or cannot be shown, or this deployment does \
                                      not show folders.")
    )
)]
pub async fn folders(
    State(deps): State<ApiDeps>,
    Query(query): Query<FolderQuery>,
) -> Answer<Json<FolderListing>> {
    let Some(browser) = &deps.folders else {
        return Err(Refusal::not_found(
            "Folders can be shown only where the platform runs on your own machine.",
        ));
    };
    let path = query.path.as_deref();
    if path.is_some_and(|path| !path.starts_with('/') || path.contains('\0')) {
        return Err(Refusal::bad_request("Enter the full path, for example /home/me/drawings."));
    }
    let folder = browser.folder(path).await.map_err(|error| match error {
        SourceError::Refused(why) => Refusal::not_found(why),
        // A folder on this machine never returns this error.
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
