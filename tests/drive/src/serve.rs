//! The calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};

use crate::errors::DriveFault;
use crate::files::{DriveContent, DriveFile, EXPORT_LIMIT, FileTree, exports};
use crate::{Call, DoubleState};

type World = Arc<Mutex<DoubleState>>;
type QueryParameters = Query<BTreeMap<String, String>>;

/// The default fields of a file resource.
const DEFAULT_FIELDS: &str = "kind,id,name,mimeType";

pub fn router(world: World) -> Router {
    Router::new()
        .route("/drive/v3/files", get(list))
        .route("/drive/v3/files/{id}", get(one))
        .route("/drive/v3/files/{id}/export", get(export))
        .with_state(world)
}

impl DoubleState {
    /// Begins a call: counts it and checks its token.
    fn admit(&mut self, call: Call, headers: &HeaderMap) -> Result<(), DriveFault> {
        self.calls.push(call);
        if self.fuse == Some(0) {
            self.fuse = None;
            self.tokens.clear();
        }
        self.fuse = self.fuse.map(|left| left - 1);
        let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
        let token = given.and_then(|given| given.strip_prefix("Bearer "));
        if !token.is_some_and(|token| self.tokens.iter().any(|known| known == token)) {
            return Err(DriveFault::InvalidCredentials);
        }
        let next = self.faults.iter_mut().find(|(at, _, left)| *at == call && *left > 0);
        match next {
            Some((_, fault, left)) => {
                *left -= 1;
                Err(*fault)
            }
            None => Ok(()),
        }
    }
}

fn says(parameters: &BTreeMap<String, String>, name: &str) -> bool {
    parameters.get(name).is_some_and(|value| value == "true")
}

/// Returns a file if it exists for this client.
fn find<'a>(
    files: &'a FileTree,
    id: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<&'a DriveFile, DriveFault> {
    let file = files.get(id).ok_or(DriveFault::NotFound)?;
    if file.drive.is_some() && !says(parameters, "supportsAllDrives") {
        return Err(DriveFault::NotFound);
    }
    Ok(file)
}

/// Returns the requested fields of a file.
fn partial(resource: &Value, fields: &str) -> Value {
    let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
    let fields = resource.as_object().into_iter().flatten();
    let kept: Map<String, Value> = fields
        .filter(|(name, _)| wanted.contains(&"*") || wanted.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(kept)
}

async fn list(
    Shared(world): Shared<World>,
    Query(parameters): QueryParameters,
    headers: HeaderMap,
) -> Result<Response, DriveFault> {
    let mut state = world.lock().unwrap_or_else(PoisonError::into_inner);
    state.admit(Call::List, &headers)?;
    let asked = |name: &str| parameters.get(name).map(String::as_str);
    let query = asked("q").ok_or(DriveFault::BadRequest)?;
    let folder = query
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix("' in parents and trashed = false"))
        .filter(|folder| !folder.contains('\''))
        .ok_or(DriveFault::BadRequest)?;
    let size: usize = asked("pageSize").unwrap_or("100").parse().map_err(|_| DriveFault::BadRequest)?;
    let everywhere = says(&parameters, "supportsAllDrives") && says(&parameters, "includeItemsFromAllDrives");
    let within = match (asked("corpora").unwrap_or("user"), asked("driveId")) {
        ("user", None) => None,
        ("drive", Some(drive)) if everywhere => Some(drive),
        _ => return Err(DriveFault::BadRequest),
    };
    let order = asked("orderBy").unwrap_or("name");
    if !(1..=1_000).contains(&size)
        || !order.split(',').all(|key| matches!(key, "name" | "folder" | "createdTime"))
    {
        return Err(DriveFault::BadRequest);
    }
    // `q`, and the position to continue at: a token of another query is not accepted.
    let from = match asked("pageToken") {
        None => 0,
        Some(token) => token
            .strip_prefix(&format!("~!!~{}~", folder.len()))
            .and_then(|from| from.parse().ok())
            .ok_or(DriveFault::BadRequest)?,
    };
    let files = &state.files;
    if let Some(fault) = files.get(folder).ok_or(DriveFault::NotFound)?.restricted {
        return Err(fault);
    }
    let visible = |file: &&&DriveFile| match (&file.drive, within) {
        (None, None) => true,
        (Some(drive), Some(within)) => drive == within,
        (Some(_), None) => everywhere,
        (None, Some(_)) => false,
    };
    let children = files.children(folder);
    let listed: Vec<&&DriveFile> = children.iter().filter(visible).collect();
    let size = state.page.map_or(size, |page| page.min(size));
    // An empty page before each other one.
    let empty = state.page.is_some() && from % 2 == 0;
    let first = if state.page.is_some() { from / 2 } else { from };
    let upto = if empty { first } else { listed.len().min(first + size) };
    let fields = asked("fields").unwrap_or("");
    let file_fields = fields
        .split_once("files(")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or(DEFAULT_FIELDS, |(inner, _)| inner);
    let own = fields.split("files(").next().unwrap_or_default();
    let page: Vec<Value> = listed
        .get(first..upto)
        .unwrap_or_default()
        .iter()
        .map(|file| partial(&files.resource(file), file_fields))
        .collect();
    let mut answer = json!({ "files": page });
    if own.contains("incompleteSearch") {
        answer["incompleteSearch"] = json!(state.incomplete);
    }
    if upto < listed.len() && (own.contains("nextPageToken") || fields.is_empty()) {
        let next = match (state.page, empty) {
            (None, _) => upto,
            (Some(_), true) => from + 1,
            (Some(_), false) => upto * 2,
        };
        answer["nextPageToken"] = json!(format!("~!!~{}~{next}", folder.len()));
    }
    Ok(Json(answer).into_response())
}

async fn one(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    Query(parameters): QueryParameters,
    headers: HeaderMap,
) -> Result<Response, DriveFault> {
    let mut state = world.lock().unwrap_or_else(PoisonError::into_inner);
    if parameters.get("alt").map(String::as_str) == Some("media") {
        state.admit(Call::Media, &headers)?;
        let file = find(&state.files, &id, &parameters)?;
        if let Some(fault) = file.restricted {
            return Err(fault);
        }
        return match &file.content {
            DriveContent::Bytes(bytes) => Ok(bytes.clone().into_response()),
            _ => Err(DriveFault::NotDownloadable),
        };
    }
    state.admit(Call::Metadata, &headers)?;
    let file = find(&state.files, &id, &parameters)?;
    let fields = parameters.get("fields").map_or(DEFAULT_FIELDS, String::as_str);
    Ok(Json(partial(&state.files.resource(file), fields)).into_response())
}

async fn export(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    Query(parameters): QueryParameters,
    headers: HeaderMap,
) -> Result<Response, DriveFault> {
    let mut state = world.lock().unwrap_or_else(PoisonError::into_inner);
    state.admit(Call::Export, &headers)?;
    // Exporting knows no `supportsAllDrives`: it works in all.
    let file = state.files.get(&id).ok_or(DriveFault::NotFound)?;
    if let Some(fault) = file.restricted {
        return Err(fault);
    }
    let mime = parameters.get("mimeType").ok_or(DriveFault::BadRequest)?;
    match &file.content {
        DriveContent::Native { exported, .. } if exported.len() > EXPORT_LIMIT => {
            Err(DriveFault::ExportTooLarge)
        }
        DriveContent::Native { kind, exported } if exports(kind, mime) => {
            Ok(exported.clone().into_response())
        }
        DriveContent::Native { .. } => Err(DriveFault::BadRequest),
        _ => Err(DriveFault::NotExportable),
    }
}
