//! `hsmcert`: parse, run, report, exit.

mod cli;

use std::io::Write as _;

fn main() {
    hsmcert::platform::protect_process();
    let code = cli::run(std::env::args_os().collect());
    // Nothing is left to be done, and the exit handlers of a vendor's module, which is never unloaded, can crash or hang.
    let _ = std::io::stdout().flush();
    cli::end(code)
}
