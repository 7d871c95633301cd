//! The children, and one file's way through one of them.

#![expect(clippy::disallowed_methods, reason = "a process is given real time, not the clock's")]

use std::io::{self, BufReader, IoSlice, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use riffle_confine::{Applied, Limits, Program, Running};
use riffle_extract::{DrawError, Drawn, ExtractError, Extracted, ImageLimits, PageImage, Sink, View};
use riffle_ports::{Content, PortError};
use rustix::io::retry_on_intr;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::ARGUMENT;
use super::pdfium::{Pdfium, PdfiumError};
use super::wire::{self, End, Kind, Picture, Request, Task};

/// What a child may use. [`Settings::default`] is meant for 512 MiB in all.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This program, whose `main` calls [`super::main`].
    pub program: PathBuf,
    /// Children at once; who finds all at work waits.
    pub children: usize,
    /// Address space of each, in bytes.
    pub memory: u64,
    /// CPU time for any file, and some for its size.
    pub seconds: u64,
    pub bytes_per_second: u64,
    /// Asked for PDFs and pages of them that our own reader cannot read.
    pub pdfium: Option<Pdfium>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // The very file this process runs, even where another has taken its name.
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

impl Settings {
    /// For lists of codes, in a process beside those that parse other files.
    pub fn of_lists() -> Self {
        Self { children: 1, memory: 256 << 20, ..Self::default() }
    }

    /// CPU seconds for a file. By CPU time, so that a busy machine changes no result.
    fn seconds(&self, size: u64) -> u64 {
        self.seconds + size / self.bytes_per_second.max(1)
    }
}

/// A parser that waits is no parser: so many times its CPU time is what the clock on the wall may show.
const WALL: u64 = 10;
/// A child that holds on to more than this part of its address space is not given another file.
const WORN: u64 = 2;

/// CPU seconds of a child's life: a limit that it cannot raise, and that no later one can be higher than. A file that
/// may take more gets a child of its own with as much as it takes.
const LIFE: u64 = 600;
/// Bytes read of a child's answer at once.
const READ_AT: usize = 64 * 1024;
/// More than a parser needs, and few.
const OPEN_FILES: u64 = 32;

/// Keeps children warm.
#[derive(Debug)]
pub struct Pool {
    settings: Settings,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Child>,
    at_work: usize,
}

/// Takes what a child reads: units in pieces, and pictures as any sink.
pub trait Listener: Sink {
    /// Whole units, as in `transcript.rs`.
    ///
    /// # Errors
    /// They are none.
    fn units(&mut self, units: &[u8]) -> Result<(), crate::transcript::Malformed>;

    /// Forgets everything: the file is read again from the beginning.
    fn restart(&mut self);
}

#[derive(Debug)]
struct Child {
    process: Running,
    socket: UnixStream,
    served: u32,
    /// CPU seconds it is killed after, and those it has used.
    life: u64,
    used: u64,
    /// Address space in use when it was last heard of.
    memory: u64,
    /// Whether the second reader was asked for the file at hand.
    asked: bool,
}

/// How a child failed a file.
enum Broken {
    /// It ended; the last words it said.
    Died(ExitStatus, String),
    OutOfTime,
    /// It sent what no sandbox sends.
    Nonsense,
    /// The world failed.
    Io(io::Error),
}

impl Pool {
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: Mutex::default(), returned: Condvar::new() }
    }

    /// What of the settings decides which text is read.
    pub fn variant(&self) -> &[u8] {
        self.settings.pdfium.as_ref().map_or(b"", Pdfium::variant)
    }

    /// Parses a file and gives the bytes read of it and what came of it. Blocks.
    ///
    /// # Errors
    /// No child can be started or spoken to. Says nothing about the file.
    pub fn parse(
        &self,
        name: &str,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<(u64, Result<Extracted, ExtractError>), PortError> {
        let images = into.wants_images().then(|| into.image_limits());
        let task = |images, second| Task::Read { images, second, page: None };
        self.read(name, content, into, (images, self.settings.pdfium.is_some()), task)
    }

    /// The same for one page of a PDF, with where its characters stand and without reading pictures.
    ///
    /// # Errors
    /// No child can be started or spoken to. Says nothing about the file.
    pub fn page(
        &self,
        name: &str,
        content: &Content<'_>,
        page: u32,
        into: &mut dyn Listener,
    ) -> Result<Result<Extracted, ExtractError>, PortError> {
        let task = |images, second| Task::Read { images, second, page: Some(page) };
        let read = self.read(name, content, into, (None, self.settings.pdfium.is_some()), task);
        read.map(|(_, outcome)| outcome)
    }

    /// The same for a list: see [`riffle_extract::Limits::of_a_list`].
    ///
    /// # Errors
    /// No child can be started or spoken to. Says nothing about the file.
    pub fn list(
        &self,
        name: &str,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<Result<Extracted, ExtractError>, PortError> {
        self.read(name, content, into, (None, false), |_, _| Task::List).map(|(_, outcome)| outcome)
    }

    fn read(
        &self,
        name: &str,
        content: &Content<'_>,
        into: &mut dyn Listener,
        (mut images, mut second): (Option<ImageLimits>, bool),
        task: impl Fn(Option<ImageLimits>, bool) -> Task,
    ) -> Result<(u64, Result<Extracted, ExtractError>), PortError> {
        let (inline, size) = extent(content);
        let seconds = self.settings.seconds(size);
        let mut request =
            Request { name: name.to_owned(), size, inline, task: task(images, second), seconds };
        let mut lease = Lease { pool: self, child: Some(self.take(request.seconds)?) };
        loop {
            let child = lease.child.as_mut().expect("a lease holds a child until it ends");
            let fresh = child.served == 0;
            match child.parse(&request, content, into) {
                Ok(end) => {
                    child.served = child.served.saturating_add(1);
                    (child.memory, child.used) = (end.memory, end.used);
                    return Ok((end.bytes, end.outcome));
                }
                // What the files before it left behind may be at fault.
                Err(broken) if !fresh && !matches!(broken, Broken::OutOfTime) => {
                    into.restart();
                    lease.child = None;
                    lease.child = Some(Child::start(&self.settings, request.seconds)?);
                }
                // pdfium was asked and did not come back: what can be read without is not lost. Nor where drawing
                // a page took more than reading it.
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

    /// Makes sure that what is configured is there, by having a child load it.
    ///
    /// # Errors
    /// It cannot be loaded, or no child can be had.
    pub fn check(&self) -> Result<(), PdfiumError> {
        let Some(pdfium) = &self.settings.pdfium else { return Ok(()) };
        let not_loaded = |why| PdfiumError::NotLoaded { path: pdfium.path().to_owned(), why };
        let seconds = self.settings.seconds;
        let request = Request { name: String::new(), size: 0, inline: true, task: Task::Load, seconds };
        let outcome = match self.ask(&request, &Content::Memory(&bytes::Bytes::new()))? {
            Ok(body) => serde_json::from_slice(&body).unwrap_or_else(|error| Err(error.to_string())),
            Err(broken) => Err(self.reason(broken, seconds)?.to_string()),
        };
        outcome.map_err(not_loaded)
    }

    /// What a child is confined by, and what of it this system does not have.
    ///
    /// # Errors
    /// No child can be had.
    pub fn layers(&self) -> Result<Vec<Applied>, PortError> {
        let seconds = self.settings.seconds;
        let request = Request { name: String::new(), size: 0, inline: true, task: Task::Layers, seconds };
        match self.ask(&request, &Content::Memory(&bytes::Bytes::new()))? {
            Ok(body) => serde_json::from_slice(&body).map_err(|error| unavailable(&error.into())),
            Err(broken) => Err(unavailable(&io::Error::other(self.reason(broken, seconds)?))),
        }
    }

    /// Draws a page of a file. Blocks, also until a child is free. A page that ends its child costs itself alone.
    ///
    /// # Errors
    /// No child can be started or spoken to. Says nothing about the file.
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
            Request { name: name.to_owned(), size, inline, task: Task::Draw { page, view }, seconds };
        let nonsense = || DrawError::Failed("what was drawn is no picture".to_owned());
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

    /// Has a child do what is answered at once, with a second try in a fresh one where it had done other things
    /// before.
    fn ask(&self, request: &Request, content: &Content<'_>) -> Result<Result<Vec<u8>, Broken>, PortError> {
        let mut lease = Lease { pool: self, child: Some(self.take(request.seconds)?) };
        loop {
            let child = lease.child.as_mut().expect("a lease holds a child until it ends");
            let fresh = child.served == 0;
            match child.ask(request, content) {
                Ok(body) => {
                    child.served = child.served.saturating_add(1);
                    // What it holds on to is not told, and drawing holds on to more than reading.
                    if matches!(request.task, Task::Draw { .. }) {
                        lease.child = None;
                    }
                    return Ok(Ok(body));
                }
                Err(broken) if !fresh && !matches!(broken, Broken::OutOfTime) => {
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

    /// Why a file cannot be read, for the person who owns it.
    fn reason(&self, broken: Broken, seconds: u64) -> Result<ExtractError, PortError> {
        let memory = || {
            let megabytes = self.settings.memory >> 20;
            ExtractError::TooLarge(format!("it needs more than {megabytes} MB of memory to be read"))
        };
        let time = || ExtractError::TooLarge(format!("it takes more than {seconds} s to be read"));
        Ok(match broken {
            Broken::OutOfTime => time(),
            Broken::Died(status, words) => match status.signal() {
                Some(signal) if signal == rustix::process::Signal::XCPU.as_raw() => time(),
                _ if words.contains("memory allocation of") => memory(),
                Some(signal) if signal == rustix::process::Signal::KILL.as_raw() => memory(),
                _ if words.contains("overflowed its stack") => {
                    ExtractError::Damaged("its parts are nested too deeply".to_owned())
                }
                _ => ExtractError::Panicked(format!("the process that read it ended with {status}")),
            },
            Broken::Nonsense => ExtractError::Panicked("what it gave is no text".to_owned()),
            Broken::Io(error) => return Err(unavailable(&error)),
        })
    }

    /// A child with so many CPU seconds left.
    fn take(&self, seconds: u64) -> Result<Child, PortError> {
        // Nothing under the lock can panic half-way, so what a poisoned lock guards is whole.
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

/// A child at work. It goes back whatever happens.
struct Lease<'p> {
    pool: &'p Pool,
    child: Option<Child>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // One that was left in the middle of a file has more to say than its next user would understand.
        let child = self.child.take().filter(|_| !std::thread::panicking());
        self.pool.put_back(child);
    }
}

impl Child {
    fn start(settings: &Settings, seconds: u64) -> Result<Self, PortError> {
        let life = LIFE.max(needed(seconds));
        let limits = Limits { memory: settings.memory, cpu: life, file: 0, open_files: OPEN_FILES };
        let start = || {
            let (socket, theirs) = UnixStream::pair()?;
            // No credentials, no settings: what a parser does depends on the file.
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
        request: &Request,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<End, Broken> {
        match self.exchange(request, content, into) {
            Err(Broken::Io(error)) => Err(self.end(&error)),
            outcome => outcome,
        }
    }

    /// What it answers to a request for one thing.
    fn ask(&mut self, request: &Request, content: &Content<'_>) -> Result<Vec<u8>, Broken> {
        let exchange = |child: &mut Self| {
            let wall = wall(request.seconds);
            child.socket.set_write_timeout(Some(wall))?;
            child.socket.set_read_timeout(Some(wall))?;
            child.send(request, content)?;
            let mut body = Vec::new();
            match wire::read(&mut child.socket, &mut body)? {
                None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Some(Kind::End) => Ok(body),
                Some(_) => Err(Broken::Nonsense),
            }
        };
        exchange(self)
            .map_err(|broken| if let Broken::Io(error) = broken { self.end(&error) } else { broken })
    }

    fn exchange(
        &mut self,
        request: &Request,
        content: &Content<'_>,
        into: &mut dyn Listener,
    ) -> Result<End, Broken> {
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
                return Err(Broken::OutOfTime);
            }
            self.socket.set_read_timeout(Some(left))?;
            match wire::read(&mut from, &mut body)? {
                None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Some(Kind::Units) => {
                    into.units(&body).map_err(|_| Broken::Nonsense)?;
                }
                Some(Kind::Picture) => {
                    let since = Instant::now();
                    let (picture, bytes) = picture(&body).ok_or(Broken::Nonsense)?;
                    let Picture { place, encoding, page } = &picture;
                    let image = PageImage { place, encoding: *encoding, bytes, page: *page };
                    let read = into.wants_images() && into.image(&image);
                    (&self.socket).write_all(&[u8::from(read)])?;
                    // Reading a picture is not the parser's time.
                    deadline += since.elapsed();
                }
                Some(Kind::Second) => self.asked = true,
                // Nothing comes after the end.
                Some(Kind::End) if from.buffer().is_empty() => {
                    return serde_json::from_slice(&body).map_err(|_| Broken::Nonsense);
                }
                Some(Kind::End) => return Err(Broken::Nonsense),
            }
        }
    }

    fn send(&mut self, request: &Request, content: &Content<'_>) -> io::Result<()> {
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
        // Where not all of it went at once.
        let rest = [&length[sent.min(4)..], &request[sent.saturating_sub(4)..]];
        rest.iter().try_for_each(|rest| self.socket.write_all(rest))?;
        if let Content::Memory(bytes) = content {
            self.socket.write_all(bytes)?;
        }
        Ok(())
    }

    /// Makes sure it is dead, and finds out how it died.
    fn end(&mut self, error: &io::Error) -> Broken {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            return Broken::OutOfTime;
        }
        // The socket broke, so it is ending, if it is not a liar.
        let mut words = Vec::new();
        let ended = match self.process.wait(Duration::from_secs(2)) {
            Ok(Some(status)) => Ok(status),
            Ok(None) => return Broken::Nonsense,
            Err(error) => Err(error),
        };
        if let Some(stderr) = self.process.stderr() {
            // What a pipe holds: it is dead and writes no more.
            let _read = stderr.take(64 * 1024).read_to_end(&mut words);
        }
        match ended {
            Ok(status) => Broken::Died(status, String::from_utf8_lossy(&words).into_owned()),
            Err(error) => Broken::Io(error),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData { Self::Nonsense } else { Self::Io(error) }
    }
}

/// CPU seconds a child must have left for a file that may take so many. Its own limit counts whole ones, and ends it
/// first: it says why.
fn needed(seconds: u64) -> u64 {
    seconds.saturating_add(3)
}

/// How long the clock on the wall may show for so much CPU time.
fn wall(seconds: u64) -> Duration {
    Duration::from_secs(seconds.saturating_add(1).saturating_mul(WALL))
}

/// Whether the content goes over the socket, and how long it is.
fn extent(content: &Content<'_>) -> (bool, u64) {
    match content {
        Content::Memory(bytes) => (true, bytes.len() as u64),
        Content::File(_, size) => (false, *size),
    }
}

/// Two parts, the first with its length before it.
fn parted(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn picture(body: &[u8]) -> Option<(Picture, &[u8])> {
    let (picture, bytes) = parted(body)?;
    Some((serde_json::from_slice(picture).ok()?, bytes))
}

fn unavailable(error: &io::Error) -> PortError {
    PortError::Unavailable(format!("no process to read files in could be started: {error}"))
}
