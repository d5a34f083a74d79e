//! Each page of `docs/` is in the index, and each link between pages leads to a file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
}

/// What stands in `](...)`, without the part behind `#`; addresses are left out.
fn links(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.filter_map(|target| target.split('#').next());
    files.filter(|file| !file.is_empty() && !file.contains("://")).map(str::to_owned).collect()
}

#[test]
fn the_index_names_every_page() {
    let index = root().join("docs/README.md");
    let named = links(&index);
    for page in pages() {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || named.iter().any(|link| link == name), "docs/README.md does not name {name}");
    }
}

#[test]
fn links_lead_to_files() {
    for page in pages().into_iter().chain(["README.md", "CHANGELOG.md", "SECURITY.md"].map(|file| root().join(file))) {
        for link in links(&page) {
            let target = page.parent().unwrap().join(&link);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}
