//! Guarantees of the local inbox only: an arrived file is published however the process ended, and files of this
//! machine are deposited once.

use std::fs;
use std::path::{Path, PathBuf};

use riffle_local_adapters::{Deposit, DepositError, Deposited, UploadRefusal};
use riffle_ports::{Announced, Inbox};
use riffle_topology::statements;

use crate::Outcome;
use crate::contract::write_later;
use crate::contract_statements::World;

fn announced(size: u64) -> Announced {
    Announced { tenant: "t".to_owned(), name: "a.csv".to_owned(), account: Some("DE02".to_owned()), size }
}

impl World {
    /// Ends the process and starts another one.
    async fn again(self) -> Result<Self, Box<dyn std::error::Error>> {
        let world = Self::of(self.into_state().reopen()?)?;
        world.inbox.recover().await?;
        Ok(world)
    }
}

/// Killed after the file was placed, and before its arrival was published.
#[tokio::test]
async fn what_came_while_nobody_could_be_told_is_told_at_the_next_start() -> Outcome {
    let world = World::new()?;
    let form = world.inbox.form(&announced(3)).await?;
    let key = form.fields["key"].clone();
    // The first step of `finish`.
    let path =
        world.state.folder.path().join("uploads/files/statements=/t=").join(&key["statements/t/".len()..]);
    fs::create_dir_all(path.parent().ok_or("a folder")?)?;
    fs::write(&path, "abc")?;
    let other = world.inbox.form(&announced(3)).await?;

    let world = world.again().await?;
    let notification = world.notified_objects().await;
    assert_eq!(notification.iter().map(|object| &*object.key).collect::<Vec<_>>(), [&*key]);
    let head = world.inbox.head(&notification[0]).await?.ok_or("the uploaded file exists")?;
    assert_eq!((head.name.as_deref(), head.account.as_deref()), (Some("a.csv"), Some("DE02")));
    let world = world.again().await?;
    assert!(world.notified_objects().await.is_empty(), "a notification is not sent again after a restart");

    assert!(world.post(&other, b"xyz").await.is_some(), "a form stays valid after a restart");
    assert_eq!(world.notified_objects().await.len(), 1);
    // Sent once more, it is another object.
    assert!(world.post(&form, b"123").await.is_some());
    let again = world.notified_objects().await;
    assert_eq!((again[0].key == key, again[0].etag == notification[0].etag), (true, false));
    assert_eq!(
        world.inbox.head(&notification[0]).await?,
        None,
        "the replaced version does not exist any more"
    );
    Ok(())
}

#[tokio::test]
async fn a_form_that_nobody_uses_is_forgotten() -> Outcome {
    let world = World::new()?;
    let form = world.inbox.form(&announced(3)).await?;
    world.state.advance(3 * 86_400);
    world.inbox.tidy().await?;
    let fresh = world.inbox.form(&announced(3)).await?;
    let key = |form: &riffle_ports::PostForm| form.fields["key"].clone();
    assert!(world.uploads_take(&key(&fresh)).await.is_ok());
    assert!(matches!(world.uploads_take(&key(&form)).await, Err(UploadRefusal::NotPermitted)));
    Ok(())
}

/// A pipe may take a file's place after it was listed, and a sparse file may claim more than a disk holds.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the standard library cannot create a pipe")]
async fn what_is_no_file_or_too_large_is_refused_before_it_is_read() -> Outcome {
    let world = World::new()?;
    let (pipe, large) = (world.state.folder.path().join("a.csv"), world.state.folder.path().join("b.csv"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status()?.success());
    fs::File::create(&large)?.set_len(1 << 40)?;
    let refused = world.inbox.deposit(&world.deposit_of(&pipe), true).await;
    assert!(matches!(&refused, Err(DepositError::Read(_))), "{refused:?}");
    let refused = world.inbox.deposit(&world.deposit_of(&large), true).await;
    assert!(matches!(&refused, Err(DepositError::TooLarge { most: 1_000, .. })), "{refused:?}");
    assert!(world.notified_objects().await.is_empty());
    Ok(())
}

impl World {
    /// Sends three bytes for `key`, as if the form were still valid.
    async fn uploads_take(&self, key: &str) -> Result<String, UploadRefusal> {
        let form = riffle_ports::UploadStorage::form(&self.uploads, key, 3).await?;
        let field = |name: &str| form.fields[name].clone();
        let permit = riffle_local_adapters::Permit {
            place: riffle_local_adapters::UploadDestination::File { key: key.to_owned() },
            size: 3,
            expires: field("expires").parse().expect("a time"),
        };
        let mut receiving = self.uploads.receive(&permit, &field("signature"))?;
        receiving.write(b"abc")?;
        self.inbox.finish(receiving).await
    }

    fn deposit_of(&self, path: &Path) -> Deposit {
        Deposit {
            key: self.inbox.fresh_key("t"),
            path: path.to_owned(),
            name: Some("a.csv".into()),
            account: None,
            most: 1_000,
        }
    }
}

#[tokio::test]
async fn a_file_of_this_machine_is_brought_once_and_again_when_its_content_changed() -> Outcome {
    let world = World::new()?;
    let path: PathBuf = world.state.folder.path().join("a.csv");
    fs::write(&path, "one")?;
    assert!(!world.inbox.knows(&path).await?);
    let placed = world.inbox.deposit(&world.deposit_of(&path), true).await?;
    let Deposited::Placed(object) = placed else { return Err("new content is placed".into()) };
    assert_eq!(world.inbox.deposited(&path).await?.as_ref(), Some(&object));
    assert!(world.inbox.knows(&path).await?);

    // Touched, it has the same content.
    write_later(path.clone(), b"one")?;
    let world = world.again().await?;
    assert!(!world.inbox.knows(&path).await?);
    assert_eq!(world.inbox.deposit(&world.deposit_of(&path), true).await?, Deposited::Before);
    assert!(world.inbox.knows(&path).await?, "the new modification time is recorded");
    write_later(path.clone(), b"two")?;
    assert!(matches!(world.inbox.deposit(&world.deposit_of(&path), true).await?, Deposited::Placed(_)));
    assert_eq!(world.notified_objects().await.len(), 2);

    // A file that its owner had deleted is not deposited again.
    write_later(path.clone(), b"one")?;
    world.inbox.delete(&object).await?;
    assert_eq!(world.inbox.deposit(&world.deposit_of(&path), true).await?, Deposited::Before);
    assert_eq!(world.inbox.head(&object).await?, None);
    assert!(matches!(world.inbox.deposit(&world.deposit_of(&path), false).await?, Deposited::Placed(_)));
    Ok(())
}

#[tokio::test]
async fn a_file_that_cannot_be_brought_says_why_and_leaves_nothing() -> Outcome {
    let world = World::new()?;
    let nowhere = world.state.folder.path().join("nowhere.csv");
    let outcome = world.inbox.deposit(&world.deposit_of(&nowhere), true).await;
    assert!(matches!(outcome, Err(DepositError::Read(_))), "{outcome:?}");
    let outcome = world.inbox.deposit(&world.deposit_of(world.state.folder.path()), true).await;
    assert!(matches!(outcome, Err(DepositError::Read(_))), "{outcome:?}");
    assert_eq!(fs::read_dir(world.state.folder.path().join("tmp"))?.count(), 0);
    assert!(world.all(statements::UPLOADS).await.is_empty());
    Ok(())
}
