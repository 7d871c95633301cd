//! The contract of every file source.

use async_trait::async_trait;
use riffle_ports::{FileSource, Source};
use riffle_testkit::contract::{self, PlaceHarness};

use crate::world::{World, source};

#[async_trait]
impl PlaceHarness for World {
    fn files(&self) -> &dyn FileSource {
        &self.drive
    }

    async fn place(&self, files: Vec<(String, Vec<u8>)>) -> Source {
        let place = self.google.folder("root", "a place");
        for (name, content) in files {
            let mut folder = place.clone();
            let mut names: Vec<&str> = name.split('/').collect();
            let file = names.pop().expect("a name");
            for name in names {
                folder = self.google.find(&folder, name).unwrap_or_else(|| self.google.folder(&folder, name));
            }
            self.google.file(&folder, file, content);
        }
        source(&place)
    }

    fn nowhere(&self) -> Source {
        source("1no-such-folder")
    }

    async fn change(&self, place: &Source, name: &str, content: &[u8]) {
        self.google.change(&self.id(place, name), content);
    }

    async fn remove(&self, place: &Source, name: &str) {
        self.google.remove(&self.id(place, name));
    }
}

impl World {
    fn id(&self, place: &Source, name: &str) -> String {
        let Source::Drive { folder, .. } = place else { panic!("a Drive folder") };
        self.google.find(folder, name).expect("a file")
    }
}

#[tokio::test]
async fn a_folder_is_a_place_that_holds_files() {
    contract::file_source(&World::new().await).await;
}

#[tokio::test]
async fn so_it_is_where_pages_are_short_and_empty() {
    let world = World::new().await;
    world.google.short_pages(97);
    contract::file_source(&world).await;
}
