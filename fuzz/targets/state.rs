//! Any bytes as a file of the state folder.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use hsmcert::state::State;
use libfuzzer_sys::fuzz_target;

/// A folder for this process among the temporary files, which `fuzz/run` keeps in memory and removes.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("hsmcert-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the state");
        folder
    })
}

fuzz_target!(|bytes: &[u8]| {
    let file = folder().join("record.json");
    std::fs::write(&file, bytes).expect("the state can be written");
    let (records, unreadable) = State::reader(folder()).records().expect("the folder is there");
    assert_eq!(records.len() + unreadable.len(), 1);
    for record in records {
        if let Some(csr) = record.csr() {
            let _ = (csr.describe(), csr.public_key());
        }
    }
});
