//! Request text -> [`RequestSpec`](crate::request::RequestSpec): one file per format, one way in.

mod diagnostic;

pub use diagnostic::{Diagnostic, Severity, Source, Span};
