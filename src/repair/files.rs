//! Files that never got their names: beside what is remembered, in the state folder and in the working folder. The next run
//! that writes there takes them away, if there is one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::file;
use crate::find::{Left, Trace};
use crate::key::KeyId;
use crate::state::{Record, State};

/// What is found in the folders in which hsmcert writes.
pub(super) fn look(state: Option<&State>, records: &[Record]) -> Vec<Trace> {
    let of_record = |record: &Record| {
        let request = record.request.iter().flat_map(|request| request.csr_file.clone());
        request.chain(record.accepted.iter().map(|accepted| accepted.chain_file.clone())).collect::<Vec<PathBuf>>()
    };
    let files = records.iter().flat_map(of_record);
    let mut folders: BTreeSet<PathBuf> = files.filter_map(|file| file.parent().map(Path::to_owned)).collect();
    folders.extend(state.map(|state| state.folder().to_owned()));
    folders.extend(std::path::absolute(".").ok());
    let trace = |path: PathBuf| Trace {
        left: Left::TemporaryFile(path),
        label: String::new(),
        id: KeyId::new(vec![]),
        key: None,
        record: None,
        objects: vec![],
        by_hand: None,
    };
    folders.iter().flat_map(|folder| file::leftovers(folder)).map(trace).collect()
}
