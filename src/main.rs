//! `hsmcert`: the command.

fn main() {}
