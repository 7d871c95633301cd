//! Which objects lie below a folder of ours.

use aws_sdk_s3::Client;
use riffle_ports::{Meter, PortError, Usage};

use crate::error::failure;
use crate::objects::check;

/// The keys that begin with `folder/`, ascending. Strongly consistent, as S3 is.
pub(crate) async fn keys_below(
    client: &Client,
    meter: &Meter,
    bucket: &str,
    folder: &str,
) -> Result<Vec<String>, PortError> {
    check(folder)?;
    let prefix = format!("{folder}/");
    let (mut keys, mut from) = (Vec::new(), None);
    loop {
        let list = client.list_objects_v2().bucket(bucket).prefix(&prefix);
        let sent = list.set_continuation_token(from).send().await;
        // Billed as a write.
        meter.note(Usage { object_writes: 1, ..Usage::default() });
        let output = sent.map_err(|error| failure("ListObjectsV2", &format!("{bucket}/{prefix}"), &error))?;
        keys.extend(output.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        from = output.next_continuation_token.filter(|_| output.is_truncated == Some(true));
        if from.is_none() {
            return Ok(keys);
        }
    }
}
