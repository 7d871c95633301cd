//! A cache of OCR texts in the object store.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use riffle_ports::{ObjectStore, PortError, TextCache, TextKey, Worth};
use tokio::runtime::Handle;

/// A [`TextCache`] that stores objects `texts/HASH`, for texts that cost more to produce than an object costs to store.
/// It never deletes an object: a lifecycle rule of the store does.
#[expect(missing_debug_implementations, reason = "the store is a trait object")]
pub struct ObjectTexts {
    objects: Arc<dyn ObjectStore>,
    handle: Handle,
}

impl ObjectTexts {
    /// Creates a cache whose calls run on the runtime of `handle`. That runtime must be running while a thread waits
    /// for a call.
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

    /// Returns nothing: the texts of pictures are stored by content only, not by location.
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

    /// Runs as in a function: the one thread of the runtime waits for the reading thread.
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
