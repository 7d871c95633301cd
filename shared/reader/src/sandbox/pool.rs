//! The child processes, and how a file is processed in one of them.

#![expect(clippy::disallowed_methods, reason = "a process is limited in real time, not the injected clock's")]

use std::io::{self, BufReader, IoSlice, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use riffle_confine::{Applied, ProcessLimits, Program, RunningProgram};
use riffle_extract::{DrawError, Drawn, ExtractError, Extracted, ImageLimits, PageImage, Sink, View};
use riffle_ports::{Content, PortError};
use rustix::io::retry_on_intr;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::ARGUMENT;
use super::pdfium::{Pdfium, PdfiumError};
use super::wire::{self, EndMessage, MessageKind, PictureMessage, ReadRequest, ReadTask};

/// The resources children may use. [`SandboxSettings::default`] is meant for 512 MiB in all.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// This program, whose `main` calls [`super::main`].
    pub program: PathBuf,
    /// Children that work at once; a caller waits while all are busy.
    pub children: usize,
    /// Address space of each, in bytes.
    pub memory: u64,
    /// CPU seconds for any file, in addition to one for every `bytes_per_second` bytes of its size.
    pub seconds: u64,
    pub bytes_per_second: u64,
    /// Used for PDFs, and pages of them, that our own reader cannot read.
    pub pdfium: Option<Pdfium>,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            // The file this process runs, even if its path now names another one.
            program: if cfg!(target_os = "linux") {
                PathBuf::from("/proc/self/exe")
            } else {
                std::env::current_exe().unwrap_or_default()
            },
            children: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory: 512 << 20,
            seconds: 6,
            bytes_per_second: 4 << 20,
            pdfium: None,
        }
    }
}

impl SandboxSettings {
    /// Returns the settings for lists of codes, in a process apart from those that parse other files.
    pub fn of_lists() -> Self {
        Self { children: 1, memory: 256 << 20, ..Self::default() }
    }

    /// Returns the CPU seconds for a file. CPU time, so that a busy machine changes no result.
    fn seconds(&self, size: u64) -> u64 {
        self.seconds + size / self.bytes_per_second.max(1)
    }
}

/// Wall-clock seconds allowed per CPU second: a parser computes and does not wait.
const WALL: u64 = 10;
/// A child that still holds more than this fraction (one half) of its address space is not given another file.
const WORN: u64 = 2;

/// CPU seconds of a child's whole life. It is a hard limit: the child cannot raise it, and the limit of a file cannot
/// exceed it. A file that may take longer gets a fresh child with a longer life.
const LIFE: u64 = 600;
/// Bytes read from a child's answer at once.
const READ_AT: usize = 64 * 1024;
/// A few more than a parser needs.
const OPEN_FILES: u64 = 32;

/// Keeps children running between files.
#[derive(Debug)]
pub struct Pool {
    settings: SandboxSettings,
    state: Mutex<PoolState>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct PoolState {
    idle: Vec<Child>,
    at_work: usize,
}

/// Receives the output of a child: units in pieces, and pictures as any sink.
pub trait Listener: Sink {
    /// Whole units, as in `transcript.rs`.
    ///
    /// # Errors
    /// Fails if the bytes are not units.
    fn units(&mut self, units: &[u8]) -> Result<(), crate::transcript::Malformed>;

    /// Discards everything: the file is read again from the beginning.
    fn restart(&mut self);
}

#[derive(Debug)]
struct Child {
    process: RunningProgram,
    socket: UnixStream,
    served: u32,
    /// CPU seconds after which it is killed, and those it has used.
    life: u64,
    used: u64,
    /// Address space in use, in bytes, as last reported.
    memory: u64,
    /// Whether pdfium was used for the current file.
    asked: bool,
}

/// How a child failed to process a file.
enum ChildFailure {
    /// It ended; its error output.
    Died(ExitStatus, String),
    OutOfTime,
    /// It sent bytes that no sandbox sends.
    Nonsense,
    /// A failure that neither the file nor the child caused.
    Io(io::Error),
}

impl Pool {
    pub fn new(settings: SandboxSettings) -> Self {
        Self { settings, state: Mutex::default(), returned: Condvar::new() }
    }

    /// Returns the part of the settings that affects the text: the hash of pdfium's library, empty without one.
    pub fn variant(&self) -> &[u8] {
        self.settings.pdfium.as_ref().map_or(b"", Pdfium::variant)
    }

    /// Parses a file and returns the number of bytes read and the outcome. Blocks.
    ///
    /// # Errors
    /// Fails if no child can be started or reached. This says nothing about the file.
    pub fn parse(
        &self,
        name: &str,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<(u64, Result<Extracted, ExtractError>), PortError> {
        let images = into.wants_images().then(|| into.image_limits());
        let task = |images, second| ReadTask::Read { images, second, pages: None };
        self.read(name, content, into, (images, self.settings.pdfium.is_some()), task)
    }

    /// Like [`Pool::parse`] for some pages of a PDF, with the positions of their characters and without reading pictures.
    ///
    /// # Errors
    /// Fails if no child can be started or reached. This says nothing about the file.
    pub fn pages(
        &self,
        name: &str,
        content: &Content<'_>,
        pages: &[u32],
        into: &mut dyn Listener,
    ) -> Result<Result<Extracted, ExtractError>, PortError> {
        let task = |images, second| ReadTask::Read { images, second, pages: Some(pages.to_vec()) };
        let read = self.read(name, content, into, (None, self.settings.pdfium.is_some()), task);
        read.map(|(_, outcome)| outcome)
    }

    /// Like [`Pool::parse`] for a list: see [`riffle_extract::ReadLimits::of_a_list`].
    ///
    /// # Errors
    /// Fails if no child can be started or reached. This says nothing about the file.
    pub fn list(
        &self,
        name: &str,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<Result<Extracted, ExtractError>, PortError> {
        self.read(name, content, into, (None, false), |_, _| ReadTask::List).map(|(_, outcome)| outcome)
    }

    fn read(
        &self,
        name: &str,
        content: &Content<'_>,
        into: &mut dyn Listener,
        (mut images, mut second): (Option<ImageLimits>, bool),
        task: impl Fn(Option<ImageLimits>, bool) -> ReadTask,
    ) -> Result<(u64, Result<Extracted, ExtractError>), PortError> {
        let (inline, size) = extent(content);
        let seconds = self.settings.seconds(size);
        let mut request =
            ReadRequest { name: name.to_owned(), size, inline, task: task(images, second), seconds };
        let mut lease = ChildLease { pool: self, child: Some(self.take(request.seconds)?) };
        loop {
            let child = lease.child.as_mut().expect("a lease holds a child until it ends");
            let fresh = child.served == 0;
            match child.parse(&request, content, into) {
                Ok(end) => {
                    child.served = child.served.saturating_add(1);
                    (child.memory, child.used) = (end.memory, end.used);
                    return Ok((end.bytes, end.outcome));
                }
                // State left over from earlier files may be the cause, so a fresh child tries again.
                Err(broken) if !fresh && !matches!(broken, ChildFailure::OutOfTime) => {
                    into.restart();
                    lease.child = None;
                    lease.child = Some(Child::start(&self.settings, request.seconds)?);
                }
                // pdfium was used and the child failed: the file is read again without it, so that text readable
                // without pdfium is not lost. Likewise without pictures, in case drawing a page exceeded limits that
                // reading does not.
                Err(_) if (second && child.asked) || images.is_some() => {
                    if second && child.asked {
                        second = false;
                    } else {
                        images = None;
                    }
                    request.task = task(images, second);
                    into.restart();
                    lease.child = None;
                    lease.child = Some(Child::start(&self.settings, request.seconds)?);
                }
                Err(broken) => {
                    lease.child = None;
                    return Ok((size, Err(self.reason(broken, seconds)?)));
                }
            }
        }
    }

    /// Checks that the configured pdfium works, by having a child load it.
    ///
    /// # Errors
    /// Fails if pdfium cannot be loaded, or no child is available.
    pub fn check(&self) -> Result<(), PdfiumError> {
        let Some(pdfium) = &self.settings.pdfium else { return Ok(()) };
        let not_loaded = |why| PdfiumError::NotLoaded { path: pdfium.path().to_owned(), why };
        let seconds = self.settings.seconds;
        let request =
            ReadRequest { name: String::new(), size: 0, inline: true, task: ReadTask::Load, seconds };
        let outcome = match self.ask(&request, &Content::Memory(&bytes::Bytes::new()))? {
            Ok(body) => serde_json::from_slice(&body).unwrap_or_else(|error| Err(error.to_string())),
            Err(broken) => Err(self.reason(broken, seconds)?.to_string()),
        };
        outcome.map_err(not_loaded)
    }

    /// Returns the layers around a child, with those that this system lacks.
    ///
    /// # Errors
    /// Fails if no child is available.
    pub fn layers(&self) -> Result<Vec<Applied>, PortError> {
        let seconds = self.settings.seconds;
        let request =
            ReadRequest { name: String::new(), size: 0, inline: true, task: ReadTask::Layers, seconds };
        match self.ask(&request, &Content::Memory(&bytes::Bytes::new()))? {
            Ok(body) => serde_json::from_slice(&body).map_err(|error| unavailable(&error.into())),
            Err(broken) => Err(unavailable(&io::Error::other(self.reason(broken, seconds)?))),
        }
    }

    /// Draws a page of a file. Blocks, if necessary until a child is free. If the page crashes its child, only this
    /// page fails.
    ///
    /// # Errors
    /// Fails if no child can be started or reached. This says nothing about the file.
    pub fn draw(
        &self,
        name: &str,
        content: &Content<'_>,
        page: u32,
        view: View,
    ) -> Result<Result<Drawn, DrawError>, PortError> {
        let (inline, size) = extent(content);
        let seconds = self.settings.seconds(size);
        let request =
            ReadRequest { name: name.to_owned(), size, inline, task: ReadTask::Draw { page, view }, seconds };
        let nonsense = || DrawError::Failed("the drawn page is not a picture".to_owned());
        Ok(match self.ask(&request, content)? {
            Ok(body) => parted(&body)
                .and_then(|(drawn, png)| {
                    let drawn = serde_json::from_slice::<Result<Drawn, DrawError>>(drawn).ok()?;
                    Some(drawn.map(|drawn| Drawn { png: png.to_vec(), ..drawn }))
                })
                .unwrap_or_else(|| Err(nonsense())),
            Err(broken) => Err(self.reason(broken, seconds)?.into()),
        })
    }

    /// Sends a request that has a single answer to a child. If a child that has served other requests fails, a fresh
    /// one tries again.
    fn ask(
        &self,
        request: &ReadRequest,
        content: &Content<'_>,
    ) -> Result<Result<Vec<u8>, ChildFailure>, PortError> {
        let mut lease = ChildLease { pool: self, child: Some(self.take(request.seconds)?) };
        loop {
            let child = lease.child.as_mut().expect("a lease holds a child until it ends");
            let fresh = child.served == 0;
            match child.ask(request, content) {
                Ok(body) => {
                    child.served = child.served.saturating_add(1);
                    // The answer does not report the child's memory, and drawing retains more of it than reading.
                    if matches!(request.task, ReadTask::Draw { .. }) {
                        lease.child = None;
                    }
                    return Ok(Ok(body));
                }
                Err(broken) if !fresh && !matches!(broken, ChildFailure::OutOfTime) => {
                    lease.child = None;
                    lease.child = Some(Child::start(&self.settings, request.seconds)?);
                }
                Err(broken) => {
                    lease.child = None;
                    return Ok(Err(broken));
                }
            }
        }
    }

    /// Returns why a file cannot be read, for the person who owns it.
    fn reason(&self, broken: ChildFailure, seconds: u64) -> Result<ExtractError, PortError> {
        let memory = || {
            let megabytes = self.settings.memory >> 20;
            ExtractError::TooLarge(format!("it needs more than {megabytes} MB of memory to be read"))
        };
        let time = || ExtractError::TooLarge(format!("it takes more than {seconds} s to be read"));
        Ok(match broken {
            ChildFailure::OutOfTime => time(),
            ChildFailure::Died(status, words) => match status.signal() {
                Some(signal) if signal == rustix::process::Signal::XCPU.as_raw() => time(),
                _ if words.contains("memory allocation of") => memory(),
                Some(signal) if signal == rustix::process::Signal::KILL.as_raw() => memory(),
                _ if words.contains("overflowed its stack") => {
                    ExtractError::Damaged("its parts are nested too deeply".to_owned())
                }
                _ => ExtractError::Panicked(format!("the process that read it ended with {status}")),
            },
            ChildFailure::Nonsense => ExtractError::Panicked("its output is not text".to_owned()),
            ChildFailure::Io(error) => return Err(unavailable(&error)),
        })
    }

    /// Returns a child that has at least `seconds` of CPU time left.
    fn take(&self, seconds: u64) -> Result<Child, PortError> {
        // No code under the lock can panic half-way, so the state behind a poisoned lock is consistent.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.at_work >= self.settings.children.max(1) {
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.at_work += 1;
        let idle = state.idle.pop();
        drop(state);
        let fit = idle.filter(|child| child.used + needed(seconds) <= child.life);
        fit.map_or_else(|| Child::start(&self.settings, seconds).inspect_err(|_| self.put_back(None)), Ok)
    }

    fn put_back(&self, child: Option<Child>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.at_work -= 1;
        state.idle.extend(child.filter(|child| child.memory < self.settings.memory / WORN));
        drop(state);
        self.returned.notify_one();
    }
}

/// A child at work. Dropping the lease returns the child to the pool.
struct ChildLease<'p> {
    pool: &'p Pool,
    child: Option<Child>,
}

impl Drop for ChildLease<'_> {
    fn drop(&mut self) {
        // A child left in the middle of a file by a panic still sends messages, which its next user would misread.
        let child = self.child.take().filter(|_| !std::thread::panicking());
        self.pool.put_back(child);
    }
}

impl Child {
    fn start(settings: &SandboxSettings, seconds: u64) -> Result<Self, PortError> {
        let life = LIFE.max(needed(seconds));
        let limits = ProcessLimits { memory: settings.memory, cpu: life, file: 0, open_files: OPEN_FILES };
        let start = || {
            let (socket, theirs) = UnixStream::pair()?;
            // No credentials and no settings: a parser's behaviour depends on the file alone.
            let process = Program::ours(&settings.program, limits)
                .args([ARGUMENT])
                .args(settings.pdfium.as_ref().map(Pdfium::path))
                .stdin(OwnedFd::from(theirs))
                .stderr(Stdio::piped())
                .spawn()?;
            Ok(Self { process, socket, served: 0, life, used: 0, memory: 0, asked: false })
        };
        start().map_err(|error| unavailable(&error))
    }

    fn parse(
        &mut self,
        request: &ReadRequest,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<EndMessage, ChildFailure> {
        match self.exchange(request, content, into) {
            Err(ChildFailure::Io(error)) => Err(self.end(&error)),
            outcome => outcome,
        }
    }

    /// Sends a request that has a single answer, and returns the answer.
    fn ask(&mut self, request: &ReadRequest, content: &Content<'_>) -> Result<Vec<u8>, ChildFailure> {
        let exchange = |child: &mut Self| {
            let wall = wall(request.seconds);
            child.socket.set_write_timeout(Some(wall))?;
            child.socket.set_read_timeout(Some(wall))?;
            child.send(request, content)?;
            let mut body = Vec::new();
            match wire::read(&mut child.socket, &mut body)? {
                None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Some(MessageKind::End) => Ok(body),
                Some(_) => Err(ChildFailure::Nonsense),
            }
        };
        exchange(self)
            .map_err(|broken| if let ChildFailure::Io(error) = broken { self.end(&error) } else { broken })
    }

    fn exchange(
        &mut self,
        request: &ReadRequest,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<EndMessage, ChildFailure> {
        let wall = wall(request.seconds);
        self.asked = false;
        self.socket.set_write_timeout(Some(wall))?;
        self.send(request, content)?;
        let mut from = BufReader::with_capacity(READ_AT, &self.socket);
        let mut body = Vec::new();
        let mut deadline = Instant::now() + wall;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ChildFailure::OutOfTime);
            }
            self.socket.set_read_timeout(Some(left))?;
            match wire::read(&mut from, &mut body)? {
                None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Some(MessageKind::Units) => {
                    into.units(&body).map_err(|_| ChildFailure::Nonsense)?;
                }
                Some(MessageKind::Picture) => {
                    let since = Instant::now();
                    let (picture, bytes) = picture(&body).ok_or(ChildFailure::Nonsense)?;
                    let PictureMessage { place, encoding, page } = &picture;
                    let image = PageImage { place, encoding: *encoding, bytes, page: *page };
                    let read = into.wants_images() && into.image(&image);
                    (&self.socket).write_all(&[u8::from(read)])?;
                    // Reading a picture does not count as the parser's time.
                    deadline += since.elapsed();
                }
                Some(MessageKind::Second) => self.asked = true,
                // No message may follow the end.
                Some(MessageKind::End) if from.buffer().is_empty() => {
                    return serde_json::from_slice(&body).map_err(|_| ChildFailure::Nonsense);
                }
                Some(MessageKind::End) => return Err(ChildFailure::Nonsense),
            }
        }
    }

    fn send(&mut self, request: &ReadRequest, content: &Content<'_>) -> io::Result<()> {
        let request = serde_json::to_vec(request)?;
        let length = u32::try_from(request.len()).unwrap_or(u32::MAX).to_le_bytes();
        let parts = [IoSlice::new(&length), IoSlice::new(&request)];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let files;
        if let Content::File(file, _) = content {
            files = [file.as_fd()];
            if !ancillary.push(SendAncillaryMessage::ScmRights(&files)) {
                return Err(io::Error::other("no room for a descriptor"));
            }
        }
        let sent = retry_on_intr(|| sendmsg(&self.socket, &parts, &mut ancillary, SendFlags::NOSIGNAL))?;
        // `sendmsg` may have sent only a part.
        let rest = [&length[sent.min(4)..], &request[sent.saturating_sub(4)..]];
        rest.iter().try_for_each(|rest| self.socket.write_all(rest))?;
        if let Content::Memory(bytes) = content {
            self.socket.write_all(bytes)?;
        }
        Ok(())
    }

    /// Waits for the child to end after `error` on its socket, and finds out how it ended.
    fn end(&mut self, error: &io::Error) -> ChildFailure {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            return ChildFailure::OutOfTime;
        }
        // The socket broke, so the process should be ending; a process that keeps running misbehaves.
        let mut words = Vec::new();
        let ended = match self.process.wait(Duration::from_secs(2)) {
            Ok(Some(status)) => Ok(status),
            Ok(None) => return ChildFailure::Nonsense,
            Err(error) => Err(error),
        };
        if let Some(stderr) = self.process.stderr() {
            // At most a pipe's capacity: the process has ended and writes no more.
            let _read = stderr.take(64 * 1024).read_to_end(&mut words);
        }
        match ended {
            Ok(status) => ChildFailure::Died(status, String::from_utf8_lossy(&words).into_owned()),
            Err(error) => ChildFailure::Io(error),
        }
    }
}

impl From<io::Error> for ChildFailure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData { Self::Nonsense } else { Self::Io(error) }
    }
}

/// Returns the CPU seconds a child must have left for a file that may take `seconds`. The margin covers limits that
/// count whole seconds, and makes sure that the limit of the file ends the child before the limit of its life does:
/// only the former shows in how the child ended (SIGXCPU).
fn needed(seconds: u64) -> u64 {
    seconds.saturating_add(3)
}

/// Returns the wall-clock time allowed for `seconds` of CPU time.
fn wall(seconds: u64) -> Duration {
    Duration::from_secs(seconds.saturating_add(1).saturating_mul(WALL))
}

/// Returns whether the content is sent over the socket, and its length in bytes.
fn extent(content: &Content<'_>) -> (bool, u64) {
    match content {
        Content::Memory(bytes) => (true, bytes.len() as u64),
        Content::File(_, size) => (false, *size),
    }
}

/// Splits a body into two parts, the first preceded by its length.
fn parted(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn picture(body: &[u8]) -> Option<(PictureMessage, &[u8])> {
    let (picture, bytes) = parted(body)?;
    Some((serde_json::from_slice(picture).ok()?, bytes))
}

fn unavailable(error: &io::Error) -> PortError {
    PortError::Unavailable(format!("could not start a process to read files: {error}"))
}
