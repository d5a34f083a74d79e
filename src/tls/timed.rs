//! A connection that ends in time: a peer that sends one byte now and then does not keep it open.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a blocked call goes without a look at the flag.
const SLICE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Timed<'a> {
    stream: TcpStream,
    deadline: Instant,
    stop: &'a AtomicBool,
}

impl<'a> Timed<'a> {
    pub(super) fn new(stream: TcpStream, limit: Duration, stop: &'a AtomicBool) -> Self {
        Self { stream, deadline: Instant::now() + limit, stop }
    }

    fn within<T>(&mut self, mut call: impl FnMut(&mut TcpStream) -> io::Result<T>) -> io::Result<T> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(ErrorKind::ConnectionAborted.into());
            }
            self.stream.set_read_timeout(Some(left.min(SLICE)))?;
            self.stream.set_write_timeout(Some(left.min(SLICE)))?;
            match call(&mut self.stream) {
                // Which of the two depends on the system.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                other => return other,
            }
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.within(|stream| stream.read(buffer))
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.within(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
