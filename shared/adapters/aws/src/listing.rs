//! The objects below one of the platform's own folders.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Object;
use riffle_ports::{Meter, PortError, Usage};

use crate::error::failure;
use crate::objects::check;

/// Returns the objects whose keys begin with `folder/`, ascending. Strongly consistent, as S3 is.
pub(crate) async fn objects_below(
    client: &Client,
    meter: &Meter,
    bucket: &str,
    folder: &str,
) -> Result<Vec<Object>, PortError> {
    check(folder)?;
    let prefix = format!("{folder}/");
    let (mut objects, mut from) = (Vec::new(), None);
    loop {
        let list = client.list_objects_v2().bucket(bucket).prefix(&prefix);
        let sent = list.set_continuation_token(from).send().await;
        // A listing is billed as a write.
        meter.note(Usage { object_writes: 1, ..Usage::default() });
        let output = sent.map_err(|error| failure("ListObjectsV2", &format!("{bucket}/{prefix}"), &error))?;
        objects.extend(output.contents.unwrap_or_default());
        from = output.next_continuation_token.filter(|_| output.is_truncated == Some(true));
        if from.is_none() {
            return Ok(objects);
        }
    }
}

/// Returns the keys of these objects alone.
pub(crate) async fn keys_below(
    client: &Client,
    meter: &Meter,
    bucket: &str,
    folder: &str,
) -> Result<Vec<String>, PortError> {
    let objects = objects_below(client, meter, bucket, folder).await?;
    Ok(objects.into_iter().filter_map(|object| object.key).collect())
}
