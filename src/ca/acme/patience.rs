//! How long, and how often, an order is asked about.

use std::thread;
use std::time::{Duration, Instant};

use instant_acme::{Order, OrderStatus};

use super::Error;
use super::conversation::Conversation;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);

/// A time that has an end, with pauses that grow.
#[derive(Debug)]
pub(super) struct Patience {
    end: Instant,
    pause: Duration,
}

impl Patience {
    /// For so many seconds.
    pub(super) fn new(seconds: u64) -> Self {
        let now = Instant::now();
        Self { end: now.checked_add(Duration::from_secs(seconds)).unwrap_or(now), pause: FIRST }
    }

    /// Asks until the order has another status, or the time is over.
    pub(super) fn wait_while(
        mut self,
        status: OrderStatus,
        order: &mut Order,
        conversation: &Conversation<'_>,
    ) -> Result<(), Error> {
        while order.state().status == status {
            // The CA knows best (RFC 8555, section 7.4), but "at once" would be asked without an end.
            let pause = conversation.retry_after().unwrap_or(self.pause).max(FIRST);
            if self.end.saturating_duration_since(Instant::now()) < pause {
                return Ok(());
            }
            thread::sleep(pause);
            self.pause = (self.pause * 2).min(LONGEST);
            conversation.run(order.refresh())?;
        }
        Ok(())
    }
}
