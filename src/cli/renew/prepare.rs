//! From request files to what is to be done, without the token: settings, CA, and what is remembered.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use hsmcert::renew::{self, Advisers, Known, Site, Verdict};
use hsmcert::renewal::Renewal;
use hsmcert::request::{Product, TokenRequest};
use hsmcert::spec::Parsed;
use hsmcert::state::{self as remembered, Record};
use hsmcert::token::Selector;
use hsmcert::{Error, file, trial};

use super::super::config::Config;
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::report::Report;
use super::super::request_file::{self, RequestOptions};
use super::super::{Global, renewal, state, target};

/// All that is the same for each request file.
pub(super) struct Sites<'a> {
    global: &'a Global,
    environment: Environment,
    config: Config,
    records: Vec<Record>,
    unreadable: Vec<remembered::Error>,
    wishes: Renewal,
    force: bool,
    options: &'a RequestOptions,
    /// Which token a request means: many mean the same.
    selectors: RefCell<Vec<(TokenRequest, Meant)>>,
    seen: RefCell<HashSet<PathBuf>>,
}

/// Which records can be meant.
#[derive(Debug, Clone)]
enum Meant {
    /// Nobody names a token: that of the record.
    Any,
    Trial,
    Selected(Selector),
}

/// What is to be done about one of them.
pub(super) struct Planned {
    pub(super) site: Site,
    pub(super) verdict: Verdict,
    pub(super) token: TokenRequest,
}

impl<'a> Sites<'a> {
    pub(super) fn new(
        global: &'a Global,
        wishes: Renewal,
        force: bool,
        options: &'a RequestOptions,
        report: &Report,
    ) -> Result<Self, Failure> {
        let config = Config::find()?;
        let (records, unreadable) = match state::read(global) {
            Some(state) => state.records().map_err(Error::from)?,
            None => (vec![], vec![]),
        };
        for error in &unreadable {
            report.warning(&format!("{error}; what it held is looked for on the token and in files"));
        }
        let (selectors, seen) = (RefCell::default(), RefCell::default());
        let environment = Environment::read();
        Ok(Self { global, environment, config, records, unreadable, wishes, force, options, selectors, seen })
    }

    pub(super) fn plan(&self, spec: &Path, advisers: &Advisers<'_>, now: i64) -> Result<Planned, Failure> {
        let parsed = request_file::parse(spec, self.options);
        let Parsed { spec: request, upkeep, diagnostics: _, source: _, format: _ } =
            parsed.map_err(|failure| failure.nothing_done("nothing was renewed"))?;
        let spec_file = std::path::absolute(spec).map_err(file::Error::Io)?;
        if !self.seen.borrow_mut().insert(spec_file.clone()) {
            return Err(Failure::usage(format!("{} is named twice", spec.display())));
        }
        if matches!(request.product, Product::SelfSigned(_)) {
            return Err(Error::SelfSigned { spec: spec.to_owned() }.into());
        }
        let label = request.label().ok_or(Error::NoLabel)?;
        let names = request.subject_alt_names();
        let (renewal, ca) = renewal::settings(&upkeep, names, self.wishes.clone(), &self.config)?;
        let meant = self.meant(&request.token);
        let deploy = renewal::steps(&renewal, &spec_file)?;
        let (force, advice) = (self.force, None);
        let mut site = Site { label, spec: request, spec_file, renewal, ca, deploy, force, advice };
        let known = Known::of(&site, &self.records, &self.unreadable, |record| meant.fits(record));
        let token = match meant {
            Meant::Any => state::token_of_record(known.newest_record.clone(), self.global)?,
            Meant::Trial | Meant::Selected(_) => site.spec.token.clone(),
        };
        site.advice = advisers.ask(&site, &known, now);
        let verdict = renew::verdict(&site, &known, now);
        Ok(Planned { site, verdict, token })
    }

    fn meant(&self, request: &TokenRequest) -> Meant {
        let mut selectors = self.selectors.borrow_mut();
        if let Some((_, known)) = selectors.iter().find(|(token, _)| token == request) {
            return known.clone();
        }
        let is_named = *request != TokenRequest::default()
            || self.global.names_a_token()
            || self.environment.names_a_token()
            || self.config.profile.contains_key("default");
        let meant = match target::resolve(self.global, &self.environment, &self.config, request) {
            _ if !is_named => Meant::Any,
            Ok(target) if target.trial => Meant::Trial,
            Ok(target) => Meant::Selected(target.selector),
            // What is wrong with it is told when it is needed.
            Err(_) => Meant::Any,
        };
        selectors.push((request.clone(), meant.clone()));
        meant
    }
}

impl Meant {
    fn fits(&self, record: &Record) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        match self {
            Self::Any => true,
            Self::Trial => record.token == trial::LABEL,
            Self::Selected(Selector { label, serial, manufacturer: _, model: _, slot: _ }) => {
                same(label, &record.token) && same(serial, &record.token_serial)
            }
        }
    }
}
