//! A server that lives as long as a challenge.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::ca::Error;

/// Whoever talks more slowly is not the CA.
const PATIENCE: Duration = Duration::from_secs(10);
/// More at a time are turned away.
const MOST: usize = 64;
/// How often it looks for the next one, and for its own end.
const PAUSE: Duration = Duration::from_millis(10);

/// The server. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Listener {
    /// Serves on the address, or on this port of all addresses of the machine. Each connection has a thread of its own.
    pub(super) fn start(
        address: Option<SocketAddr>,
        port: u16,
        serve: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let (is_over, open) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let serve = Arc::new(serve);
        let threads = listeners(address, port)?.into_iter().map(|listener| {
            let (is_over, open, serve) = (Arc::clone(&is_over), Arc::clone(&open), Arc::clone(&serve));
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    match listener.accept() {
                        Ok((stream, _)) if open.load(Ordering::Relaxed) < MOST => {
                            open.fetch_add(1, Ordering::Relaxed);
                            let (open, serve) = (Arc::clone(&open), Arc::clone(&serve));
                            thread::spawn(move || {
                                // What one of them does wrong concerns nobody else.
                                let _ = prepared(stream).and_then(|mut stream| serve(&mut stream));
                                open.fetch_sub(1, Ordering::Relaxed);
                            });
                        }
                        Ok(_) => {}
                        Err(_) => thread::sleep(PAUSE),
                    }
                }
            })
        });
        let threads = threads.collect();
        Ok(Self { is_over, threads })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Where no address is given, IPv6 and IPv4: a system may have one of them alone, or take the second with the first.
fn listeners(address: Option<SocketAddr>, port: u16) -> Result<Vec<TcpListener>, Error> {
    let open = |address: SocketAddr| {
        let listener = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        listener.map_err(|error| Error::Challenge(format!("{address} cannot be listened on: {error}")))
    };
    let Some(address) = address else {
        let (first, second) = (open((Ipv6Addr::UNSPECIFIED, port).into()), open((Ipv4Addr::UNSPECIFIED, port).into()));
        return match (first, second) {
            (Err(_), Err(error)) => Err(error),
            (first, second) => Ok([first, second].into_iter().flatten().collect()),
        };
    };
    Ok(vec![open(address)?])
}
