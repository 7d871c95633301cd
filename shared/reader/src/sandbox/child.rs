//! Within the sandbox: reads one file after another for whoever holds the other end of standard input.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use bytes::Bytes;
use riffle_extract::{
    ExtractError, ImageLimits, Limits, PageImage, SecondPages, SecondReader, Sink, Unit, View,
};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::pdfium::Loaded;
use super::wire::{self, End, Kind, Picture, Request, Task};
use crate::transcript::Writer;

/// Units are sent when they are so many bytes.
const SEND_AT: usize = 64 * 1024;
/// More than a parser needs, and few.
const OPEN_FILES: u64 = 32;

/// Reads files until the socket on standard input closes.
pub(super) fn serve(memory: u64, pdfium: Option<OsString>) -> ExitCode {
    // Panics are answers here, told over the socket.
    std::panic::set_hook(Box::new(|_| {}));
    let Ok(socket) = confine(memory) else {
        return ExitCode::FAILURE;
    };
    let pdfium = Loaded::new(pdfium);
    while let Ok(Some((request, file))) = receive(&socket) {
        if answer(&socket, &request, file, &pdfium).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Gives up what no parser needs.
fn confine(memory: u64) -> io::Result<UnixStream> {
    let limit = |resource, limit| {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) }).map_err(io::Error::from)
    };
    limit(Resource::As, memory)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, OPEN_FILES)?;
    #[cfg(target_os = "linux")]
    rustix::thread::set_no_new_privs(true)?;
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// The next file; `None` when there is none to come.
fn receive(socket: &UnixStream) -> io::Result<Option<(Request, Option<File>)>> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut part = [io::IoSliceMut::new(&mut length)];
    let got = recvmsg(socket, &mut part, &mut ancillary, RecvFlags::empty())?.bytes;
    let mut files = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    let file: Option<OwnedFd> = files.by_ref().flatten().last();
    if got == 0 {
        return Ok(None);
    }
    let mut socket = socket;
    socket.read_exact(&mut length[got..])?;
    let mut request = vec![0; u32::from_le_bytes(length) as usize];
    socket.read_exact(&mut request)?;
    Ok(Some((serde_json::from_slice(&request)?, file.map(File::from))))
}

fn answer(socket: &UnixStream, request: &Request, file: Option<File>, pdfium: &Loaded) -> io::Result<()> {
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
    // Whole seconds are what the limit knows: at least what was granted.
    let maximum = getrlimit(Resource::Cpu).maximum;
    setrlimit(Resource::Cpu, Rlimit { current: Some(used + 1 + request.seconds), maximum })?;
    let (images, second) = match request.task {
        Task::Read { images, second } => (images, second && pdfium.is_configured()),
        Task::Draw { page, view } => return draw(socket, request, file, page, view),
        Task::Load => {
            let outcome = serde_json::to_vec(&pdfium.load())?;
            return wire::write(&mut &*socket, Kind::End, &[&outcome]);
        }
    };
    let asking = Asking { pdfium, socket };
    let second = second.then_some(&asking as &dyn SecondReader);
    let content = content(socket, request, file);
    let mut sink = Outgoing { socket, units: Writer::default(), images, broken: None };
    let (bytes, outcome) = match content {
        Ok(content) => {
            let (name, limits) = (&request.name, Limits::default());
            let outcome = riffle_extract::extract_with(name, &content, &limits, second, &mut sink);
            (content.len() as u64, outcome)
        }
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
            (0, Err(ExtractError::TooLarge(format!("{} bytes", request.size))))
        }
        Err(error) => return Err(error),
    };
    sink.send();
    if let Some(error) = sink.broken {
        if error.kind() != io::ErrorKind::FileTooLarge {
            return Err(error);
        }
        let why = "one page, cell or paragraph holds more text than can be taken in".to_owned();
        return end(socket, &End { bytes, outcome: Err(ExtractError::TooLarge(why)), memory: memory() });
    }
    end(socket, &End { bytes, outcome, memory: memory() })
}

fn end(mut socket: &UnixStream, end: &End) -> io::Result<()> {
    wire::write(&mut socket, Kind::End, &[&serde_json::to_vec(end)?])
}

fn draw(
    mut socket: &UnixStream,
    request: &Request,
    file: Option<File>,
    page: u32,
    view: View,
) -> io::Result<()> {
    let mut drawn = match content(socket, request, file) {
        Ok(content) => riffle_extract::draw(&request.name, &content, &Limits::default(), page, view),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
            Err(ExtractError::TooLarge(format!("{} bytes", request.size)).into())
        }
        Err(error) => return Err(error),
    };
    let png = drawn.as_mut().map(|drawn| std::mem::take(&mut drawn.png)).unwrap_or_default();
    let drawn = serde_json::to_vec(&drawn)?;
    let length = u32::try_from(drawn.len()).unwrap_or(u32::MAX).to_le_bytes();
    wire::write(&mut socket, Kind::End, &[&length, &drawn, &png])
}

fn content(socket: &UnixStream, request: &Request, file: Option<File>) -> io::Result<Bytes> {
    match file {
        // Who sent the descriptor shares its position.
        Some(file) => whole(FromStart { file: &file, at: 0 }, request.size),
        None => whole(socket, request.size),
    }
}

fn whole(from: impl Read, size: u64) -> io::Result<Bytes> {
    let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
    let mut content = Vec::new();
    content.try_reserve_exact(usize::try_from(size).map_err(|_| too_large())?).map_err(|_| too_large())?;
    from.take(size).read_to_end(&mut content)?;
    Ok(content.into())
}

struct FromStart<'f> {
    file: &'f File,
    at: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Address space in use: what the limit is on.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').next().and_then(|pages| pages.parse::<u64>().ok()));
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

struct Outgoing<'s> {
    socket: &'s UnixStream,
    units: Writer,
    images: Option<ImageLimits>,
    /// After the first error nothing more is sent.
    broken: Option<io::Error>,
}

impl Outgoing<'_> {
    fn send(&mut self) {
        let piece = &self.units.piece;
        if self.broken.is_none() && !piece.is_empty() {
            let length = u32::try_from(piece.units.len()).unwrap_or(u32::MAX).to_le_bytes();
            let parts: [&[u8]; 3] = [&length, &piece.units, &piece.boxes];
            self.broken = wire::write(&mut self.socket, Kind::Units, &parts).err();
        }
        self.units.piece.clear();
    }

    fn picture(&mut self, image: &PageImage<'_>) -> io::Result<bool> {
        let picture = Picture { place: image.place.clone(), encoding: image.encoding, page: image.page };
        let picture = serde_json::to_vec(&picture)?;
        let length = u32::try_from(picture.len()).unwrap_or(u32::MAX).to_le_bytes();
        match wire::write(&mut self.socket, Kind::Picture, &[&length, &picture, image.bytes]) {
            // One picture more than can be sent is only not read.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(false),
            outcome => outcome?,
        }
        let mut read = [0];
        self.socket.read_exact(&mut read)?;
        Ok(read[0] == 1)
    }
}

impl Sink for Outgoing<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.units.unit(unit);
        if self.units.piece.len() >= SEND_AT {
            self.send();
        }
    }

    fn wants_images(&self) -> bool {
        self.images.is_some()
    }

    fn image_limits(&self) -> ImageLimits {
        self.images.unwrap_or(ImageLimits::NONE)
    }

    fn image(&mut self, image: &PageImage<'_>) -> bool {
        // What stands before the picture comes before it.
        self.send();
        if self.broken.is_some() {
            return false;
        }
        self.picture(image).unwrap_or_else(|error| {
            self.broken = Some(error);
            false
        })
    }
}

/// pdfium, which is announced before it is asked: if this process dies of it, the file is read again without.
struct Asking<'s> {
    pdfium: &'s Loaded,
    socket: &'s UnixStream,
}

impl SecondReader for Asking<'_> {
    fn open<'a>(&'a self, pdf: &'a [u8]) -> Result<Option<Box<dyn SecondPages + 'a>>, String> {
        wire::write(&mut &*self.socket, Kind::Second, &[]).map_err(|error| error.to_string())?;
        self.pdfium.open(pdf)
    }
}

/// For a process that was started without a socket: it says so and ends.
pub(super) fn refuse() -> ExitCode {
    let written = io::stderr().write_all(b"riffle starts this by itself, for each file it reads\n");
    if written.is_ok() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
