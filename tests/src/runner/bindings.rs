//! The SDK in other languages: generated sources that are those of the library, and hosts that play the story.

use std::{
    collections::BTreeMap,
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::{
    counted::{Counts, run, succeed},
    tools,
};

/// One language, and where in `sdk-ffi` its generated sources lie.
struct Package {
    language: &'static str,
    sources: &'static str,
}

const PACKAGES: [Package; 3] = [
    Package { language: "python", sources: "python/saathii" },
    Package { language: "kotlin", sources: "kotlin/src/main/kotlin" },
    Package { language: "swift", sources: "swift/Sources/Saathii" },
];

/// C headers go to Xcode in a folder of their own, with one map for all.
const SWIFT_HEADERS: &str = "swift/Headers";

pub(super) fn suite() -> anyhow::Result<Counts> {
    let mut counts = compare()?;
    counts.add(story("python")?);
    Ok(counts)
}

pub(super) fn kotlin() -> anyhow::Result<Counts> {
    story("kotlin")
}

/// Writes the generated sources anew.
pub(super) fn generate() -> anyhow::Result<()> {
    generate_into(&tools::root().join("sdk-ffi"))
}

fn story(host: &str) -> anyhow::Result<Counts> {
    run(tools::cargo().args(["run", "--quiet", "--package", "tests", "--bin", "story", "--", host]))
}

/// Whether the committed sources are what the library gives today.
fn compare() -> anyhow::Result<Counts> {
    let folder = tools::target()?.join("test-stores").join(format!("bindings-{}", std::process::id()));
    let generated = generate_into(&folder);
    let mut counts = Counts::default();
    for package in generated.is_ok().then_some(PACKAGES).into_iter().flatten() {
        let top = Path::new(package.sources).components().next().context("a folder")?;
        let (is, ought) = (read(&tools::root().join("sdk-ffi").join(top))?, read(&folder.join(top))?);
        let differs = is.keys().chain(ought.keys()).find(|path| is.get(*path) != ought.get(*path));
        match differs {
            None => counts.passed += 1,
            Some(path) => {
                println!("{} of {} is not current: cargo suites generate", path.display(), package.language);
                counts.failed += 1;
            }
        }
    }
    fs::remove_dir_all(&folder)?;
    generated.map(|()| counts)
}

/// With the very uniffi that builds the library.
fn generate_into(folder: &Path) -> anyhow::Result<()> {
    succeed(tools::cargo().args(["build", "--quiet", "--package", "saathii-sdk-ffi", "--features", "cli"]))?;
    let built = tools::target()?.join("debug");
    for package in PACKAGES {
        let sources = folder.join(package.sources);
        fs::create_dir_all(&sources)?;
        let mut generate = Command::new(built.join("uniffi-bindgen"));
        generate.args(["generate", "--no-format", "--language", package.language, "--out-dir"]).arg(&sources);
        // The names of its crates come from the workspace.
        succeed(generate.arg(built.join(library_name())).current_dir(tools::root()))?;
    }
    move_swift_headers(&folder.join("swift/Sources/Saathii"), &folder.join(SWIFT_HEADERS))
}

fn move_swift_headers(sources: &Path, headers: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(headers)?;
    let mut modules = Vec::new();
    for entry in fs::read_dir(sources)? {
        let path = entry?.path();
        let name = path.file_name().context("a file")?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("h") => fs::rename(&path, headers.join(name))?,
            Some("modulemap") => {
                modules.push(fs::read_to_string(&path)?);
                fs::remove_file(&path)?;
            }
            _ => {}
        }
    }
    modules.sort();
    fs::write(headers.join("module.modulemap"), modules.join("\n") + "\n")?;
    Ok(())
}

/// The generated files below a folder.
fn read(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).with_context(|| format!("no {}", inner.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if is_generated(&name) {
                files.insert(path.strip_prefix(folder)?.to_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// Named after the crates, other than what people write.
fn is_generated(name: &str) -> bool {
    let is_source = [".py", ".kt", ".swift", ".h"].iter().any(|ending| name.ends_with(ending));
    name.starts_with("saathii_") && is_source || name == "module.modulemap"
}

/// The SDK's library, built now, in debug.
pub(crate) fn library() -> anyhow::Result<PathBuf> {
    succeed(tools::cargo().args(["build", "--quiet", "--package", "saathii-sdk-ffi"]))?;
    Ok(tools::target()?.join("debug").join(library_name()))
}

pub(crate) fn library_name() -> String {
    format!("{DLL_PREFIX}saathii_sdk_ffi{DLL_SUFFIX}")
}
