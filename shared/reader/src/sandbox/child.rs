//! The sandbox's side: reads one file after another for the client at the other end of standard input.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use bytes::Bytes;
use riffle_confine::Applied;
use riffle_extract::{
    ExtractError, FallbackPages, FallbackReader, ImageLimits, PageImage, ReadLimits, Sink, Unit, View,
};
use rustix::io::ioctl_fionbio;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::pdfium::Loaded;
use super::wire::{self, EndMessage, MessageKind, PictureMessage, ReadRequest, ReadTask};
use crate::transcript::TranscriptWriter;

/// Units are passed on once they take this many bytes.
const PIECE: usize = 64 * 1024;
/// Large enough to answer most files in one write: every write wakes the waiting client, which takes the processor.
const SEND_AT: usize = 256 * 1024;

/// Reads files until the socket on standard input closes.
pub(super) fn serve(pdfium: Option<OsString>) -> ExitCode {
    riffle_confine::close_inherited();
    // A panic is reported over the socket, so it is not printed.
    std::panic::set_hook(Box::new(|_| {}));
    let Ok(sandbox) = Sandbox::confined(pdfium) else {
        return ExitCode::FAILURE;
    };
    while let Ok(Some((request, file))) = receive(sandbox.socket) {
        if sandbox.answer(&request, file).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Everything this process has: opened and loaded before it can open and load nothing more.
struct Sandbox {
    /// Lives as long as the process.
    socket: &'static UnixStream,
    out: SocketWriter,
    pdfium: Loaded,
    /// `/proc/self/statm`, if it exists; `page` is the size of a memory page in bytes.
    statm: Option<File>,
    page: u64,
    layers: Vec<Applied>,
}

/// Buffers messages until the buffer is full, an answer is needed, or the file ends.
type SocketWriter = RefCell<BufWriter<&'static UnixStream>>;

impl Sandbox {
    fn confined(pdfium: Option<OsString>) -> io::Result<Self> {
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let socket: &UnixStream = Box::leak(Box::new(socket));
        let out = RefCell::new(BufWriter::with_capacity(SEND_AT, socket));
        // The client reads stderr only after this process ends, so output beyond the pipe's capacity is dropped instead
        // of blocking.
        ioctl_fionbio(io::stderr(), true)?;
        let (statm, pdfium) = (File::open("/proc/self/statm").ok(), Loaded::new(pdfium));
        // These functions query the system on first use, so they run once before such queries are forbidden.
        let page = rustix::param::page_size() as u64;
        used();
        Ok(Self { socket, out, pdfium, statm, page, layers: riffle_confine::apply_all() })
    }

    /// Returns the address space in use in bytes, which is what the limit applies to.
    fn memory(&self) -> u64 {
        let mut statm = [0; 64];
        let read = self.statm.as_ref().and_then(|file| file.read_at(&mut statm, 0).ok()).unwrap_or(0);
        let pages =
            str::from_utf8(&statm[..read]).ok().and_then(|statm| statm.split(' ').next()?.parse().ok());
        pages.unwrap_or(0) * self.page
    }
}

/// Receives the next request; returns `None` when the client has closed the socket.
fn receive(socket: &UnixStream) -> io::Result<Option<(ReadRequest, Option<File>)>> {
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

impl Sandbox {
    fn answer(&self, request: &ReadRequest, file: Option<File>) -> io::Result<()> {
        let (socket, out, pdfium) = (self.socket, &self.out, &self.pdfium);
        // The limit counts whole seconds: one more makes sure that the file gets the seconds it was granted.
        let Rlimit { maximum, .. } = getrlimit(Resource::Cpu);
        let granted = used().saturating_add(1).saturating_add(request.seconds);
        let current = Some(maximum.map_or(granted, |most| most.min(granted)));
        setrlimit(Resource::Cpu, Rlimit { current, maximum })?;
        let (images, second, pages, limits) = match &request.task {
            ReadTask::Read { images, second, pages } => {
                (*images, *second && pdfium.is_configured(), pages.as_deref(), ReadLimits::default())
            }
            ReadTask::List => (None, false, None, ReadLimits::of_a_list()),
            ReadTask::Draw { page, view } => return self.draw(request, file, *page, *view),
            ReadTask::Load => return send_end(out, &pdfium.load()),
            ReadTask::Layers => return send_end(out, &self.layers),
        };
        let asking = Asking { pdfium, out };
        let second = second.then_some(&asking as &dyn FallbackReader);
        let content = content(socket, request, file);
        let mut sink =
            UnitSender { socket, out, writer: TranscriptWriter::default(), pages, images, broken: None };
        let (bytes, mut outcome) = match content {
            Ok(content) => {
                let name = &request.name;
                let outcome = riffle_extract::extract_with(name, &content, &limits, second, &mut sink);
                (content.len() as u64, outcome)
            }
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                (0, Err(ExtractError::TooLarge(format!("{} bytes", request.size))))
            }
            Err(error) => return Err(error),
        };
        sink.hand_on();
        if let Some(error) = sink.broken {
            if error.kind() != io::ErrorKind::FileTooLarge {
                return Err(error);
            }
            let why = "one page, cell or paragraph contains too much text".to_owned();
            outcome = Err(ExtractError::TooLarge(why));
        }
        send_end(out, &EndMessage { bytes, outcome, memory: self.memory(), used: used() })
    }
}

impl Sandbox {
    fn draw(&self, request: &ReadRequest, file: Option<File>, page: u32, view: View) -> io::Result<()> {
        let mut drawn = match content(self.socket, request, file) {
            Ok(content) => riffle_extract::draw(&request.name, &content, &ReadLimits::default(), page, view),
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                Err(ExtractError::TooLarge(format!("{} bytes", request.size)).into())
            }
            Err(error) => return Err(error),
        };
        let png = drawn.as_mut().map(|drawn| std::mem::take(&mut drawn.png)).unwrap_or_default();
        let drawn = serde_json::to_vec(&drawn)?;
        let length = u32::try_from(drawn.len()).unwrap_or(u32::MAX).to_le_bytes();
        send(&self.out, MessageKind::End, &[&length, &drawn, &png])
    }
}

/// Returns the CPU seconds this process has used.
fn used() -> u64 {
    u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0)
}

fn send_end(out: &SocketWriter, answer: &impl Serialize) -> io::Result<()> {
    send(out, MessageKind::End, &[&serde_json::to_vec(answer)?])
}

/// Sends a message, and buffered messages before it.
fn send(out: &SocketWriter, kind: MessageKind, parts: &[&[u8]]) -> io::Result<()> {
    let out = &mut *out.borrow_mut();
    wire::write(out, kind, parts)?;
    out.flush()
}

fn content(socket: &UnixStream, request: &ReadRequest, file: Option<File>) -> io::Result<Bytes> {
    match file {
        // The client shares the descriptor's position, so it is not used.
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

struct UnitSender<'s> {
    socket: &'s UnixStream,
    out: &'s SocketWriter,
    writer: TranscriptWriter,
    /// The pages that are read with the positions of their characters; `None` reads all without.
    pages: Option<&'s [u32]>,
    images: Option<ImageLimits>,
    /// After the first error no further messages are sent.
    broken: Option<io::Error>,
}

impl UnitSender<'_> {
    fn hand_on(&mut self) {
        let units = &mut self.writer.units;
        if self.broken.is_none() && !units.is_empty() {
            self.broken = wire::write(&mut *self.out.borrow_mut(), MessageKind::Units, &[units]).err();
        }
        units.clear();
    }

    fn picture(&mut self, image: &PageImage<'_>) -> io::Result<bool> {
        let picture =
            PictureMessage { place: image.place.clone(), encoding: image.encoding, page: image.page };
        let picture = serde_json::to_vec(&picture)?;
        let length = u32::try_from(picture.len()).unwrap_or(u32::MAX).to_le_bytes();
        match send(self.out, MessageKind::Picture, &[&length, &picture, image.bytes]) {
            // A picture too large to send stays unread; that does not fail the file.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(false),
            outcome => outcome?,
        }
        let mut read = [0];
        self.socket.read_exact(&mut read)?;
        Ok(read[0] == 1)
    }
}

impl Sink for UnitSender<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.writer.unit(unit);
        if self.writer.units.len() >= PIECE {
            self.hand_on();
        }
    }

    fn wants_layout(&self) -> bool {
        self.pages.is_some()
    }

    fn wants_page(&self, number: u32) -> bool {
        self.pages.is_none_or(|pages| pages.binary_search(&number).is_ok())
    }

    fn wants_images(&self) -> bool {
        self.images.is_some()
    }

    fn image_limits(&self) -> ImageLimits {
        self.images.unwrap_or(ImageLimits::NONE)
    }

    fn image(&mut self, image: &PageImage<'_>) -> bool {
        // Send the units before the picture first.
        self.hand_on();
        if self.broken.is_some() {
            return false;
        }
        self.picture(image).unwrap_or_else(|error| {
            self.broken = Some(error);
            false
        })
    }
}

/// pdfium. The client is notified before pdfium is used: if pdfium kills this process, the file is read again without
/// it.
struct Asking<'s> {
    pdfium: &'s Loaded,
    out: &'s SocketWriter,
}

impl FallbackReader for Asking<'_> {
    fn open<'a>(&'a self, pdf: &'a [u8]) -> Result<Option<Box<dyn FallbackPages + 'a>>, String> {
        send(self.out, MessageKind::Second, &[]).map_err(|error| error.to_string())?;
        self.pdfium.open(pdf)
    }
}

/// Prints why a process that was started without a socket does nothing, and ends it.
pub(super) fn refuse() -> ExitCode {
    let written = io::stderr().write_all(b"this program is started by riffle for each file it reads\n");
    if written.is_ok() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
