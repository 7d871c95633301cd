//! What OCR read, kept among the objects.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use riffle_ports::{ObjectStore, PortError, TextCache, TextKey, Worth};
use tokio::runtime::Handle;

/// A [`TextCache`] of objects `texts/HASH`, for what cost more than an object does. Nothing is ever deleted here:
/// that is for a rule of the store.
#[expect(missing_debug_implementations, reason = "the store is a trait object")]
pub struct ObjectTexts {
    objects: Arc<dyn ObjectStore>,
    handle: Handle,
}

impl ObjectTexts {
    /// Calls run on the runtime of `handle`, which must be running while somebody waits for them.
    pub fn new(objects: Arc<dyn ObjectStore>, handle: Handle) -> Self {
        Self { objects, handle }
    }
}

impl TextCache for ObjectTexts {
    fn worth(&self) -> Worth {
        Worth::Pictures
    }

    fn get(&self, key: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        let text = self.handle.block_on(self.objects.get(&object(key)))?;
        Ok(text.map(Vec::from))
    }

    /// Pictures have no place: they are known by content alone.
    fn find(&self, _: TextKey) -> Result<Option<Vec<u8>>, PortError> {
        Ok(None)
    }

    fn put(&self, key: TextKey, text: Vec<u8>) -> Result<(), PortError> {
        self.handle.block_on(self.objects.put(&object(key), Bytes::from(text)))
    }

    fn link(&self, _: TextKey, _: TextKey) -> Result<(), PortError> {
        Ok(())
    }
}

fn object(key: TextKey) -> String {
    format!("texts/{}", HEXLOWER.encode(&key.0))
}

#[cfg(test)]
mod tests {
    use riffle_testkit::memory::MemoryObjects;

    use super::*;

    /// As in a function: one thread, which waits for the one that reads.
    #[test]
    fn texts_are_objects() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let objects = Arc::new(MemoryObjects::new());
        let texts = ObjectTexts::new(Arc::clone(&objects) as _, runtime.handle().clone());
        let (one, two) = (TextKey([0x0f; 32]), TextKey([0xf0; 32]));
        let used = runtime.block_on(runtime.spawn_blocking(move || {
            texts.put(one, b"one".to_vec())?;
            texts.link(two, one)?;
            Ok::<_, PortError>((texts.get(one)?, texts.get(two)?, texts.find(two)?))
        }));
        assert_eq!(used.expect("it ends"), Ok((Some(b"one".to_vec()), None, None)));
        assert_eq!(objects.keys(), [format!("texts/{}", "0f".repeat(32))]);
    }
}
