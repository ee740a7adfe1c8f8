//! The React Native package: in Node at every run, in Hermes where it is asked for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use serde_json::Value;

use super::{
    bindings::{library, library_name, story},
    counted::{Counts, run, succeed},
    tools,
};

/// The generated C++ that knows no platform.
const SOURCES: [&str; 3] = ["saathii.cpp", "generated/saathii_sdk_ffi.cpp", "generated/saathii_shared_types.cpp"];

const HERMES: &str = "0.0.1";

pub(super) fn suite() -> anyhow::Result<Counts> {
    let (folder, node) = (installed()?, tools::debian("node", "nodejs")?);
    let compiler = tools::debian("g++", "g++")?;
    let in_folder = |program: &Path, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).current_dir(&folder);
        command
    };
    let mut counts = Counts::default();
    let mut generated = in_folder(&node, &["scripts/generate.mjs", "--check"]);
    generated.env("CARGO_TARGET_DIR", tools::target()?).env("LIBRARY", library()?);
    counts.add(check(&mut generated));
    counts.add(check(&mut in_folder(&node, &["node_modules/typescript/bin/tsc", "--project", "."])));
    for source in SOURCES {
        let mut compile = in_folder(&compiler, &["-Wall", "-Werror", "-fsyntax-only", "-std=c++20"]);
        for headers in ["", "jsi", "callinvoker"] {
            compile.arg("-I").arg(Path::new("node_modules/react-native/ReactCommon").join(headers));
        }
        compile.args(["-I", "node_modules/uniffi-bindgen-react-native/cpp/includes", "-I", "cpp"]);
        counts.add(check(compile.arg(Path::new("cpp").join(source))));
    }
    counts.add(run(&mut in_folder(&node, &["scripts/test.mjs"]))?);
    counts.add(story("node")?);
    Ok(counts)
}

pub(super) fn hermes() -> anyhow::Result<Counts> {
    story("hermes")
}

/// The contract for Node, and how to run it.
pub(crate) fn node_story() -> anyhow::Result<tokio::process::Command> {
    let (folder, node) = (installed()?, tools::debian("node", "nodejs")?);
    // Beside the packages that it imports.
    let built = folder.join("build/story");
    bundle(&folder, "node", &built)?;
    // Each of the two crates looks for a library of its name; both are in this one.
    let library = library()?;
    for name in [library_name(), library_name().replace("sdk_ffi", "shared_types")] {
        fs::copy(&library, built.join(name))?;
    }
    let mut command = tokio::process::Command::new(node);
    command.args(["--expose-gc", "--enable-source-maps"]).arg(built.join("node.mjs"));
    Ok(command)
}

/// The contract for Hermes, and how to run it: with the generated C++, in an engine built from its sources.
pub(crate) fn hermes_story() -> anyhow::Result<tokio::process::Command> {
    let folder = installed()?;
    let compiler = tools::debian("g++", "g++")?;
    let engine = Hermes::built()?;
    let built = tools::target()?.join("story/hermes");
    bundle(&folder, "hermes", &built)?;
    let mut headers = vec![engine.sources.join("API"), engine.sources.join("API/jsi"), engine.sources.join("public")];
    let ours = [
        "node_modules/uniffi-bindgen-react-native/cpp/includes",
        "node_modules/uniffi-bindgen-react-native/cpp/stubs",
        "cpp",
    ];
    headers.extend(ours.map(|path| folder.join(path)));
    let mut link = Command::new(&compiler);
    let sources = SOURCES.map(|source| folder.join("cpp").join(source));
    for source in sources.iter().chain([&folder.join("contract/hermes/runner.cpp")]) {
        let object = built.join(source.with_extension("o").file_name().context("a file")?);
        let mut compile = Command::new(&compiler);
        compile.args(["-std=c++20", "-O1", "-frtti", "-fexceptions", "-Wall", "-Werror", "-c"]).arg(source);
        for path in &headers {
            compile.arg("-I").arg(path);
        }
        succeed(compile.arg("-o").arg(&object))?;
        link.arg(object);
    }
    let library = library()?;
    let runner = built.join("runner");
    for path in [library.parent().context("a folder")?, &engine.build.join("lib"), &engine.build.join("jsi")] {
        link.arg("-L").arg(path).arg(format!("-Wl,-rpath,{}", path.display()));
    }
    succeed(link.args(["-lsaathii_sdk_ffi", "-lhermesvm", "-ljsi", "-pthread", "-o"]).arg(&runner))?;
    let mut command = tokio::process::Command::new(runner);
    command.arg(built.join("hermes.js"));
    Ok(command)
}

/// The package with what it needs of npm.
fn installed() -> anyhow::Result<PathBuf> {
    let folder = tools::root().join("sdk-ffi/react-native");
    tools::npm(&folder)?;
    Ok(folder)
}

fn bundle(folder: &Path, host: &str, built: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(built)?;
    let mut bundle = Command::new(tools::debian("node", "nodejs")?);
    bundle.args(["scripts/bundle.mjs", host]).arg(built).arg(format!("contract/{host}.ts"));
    succeed(bundle.current_dir(folder))
}

/// One test: a command that must succeed.
fn check(command: &mut Command) -> Counts {
    match succeed(command) {
        Ok(()) => Counts { passed: 1, failed: 0 },
        Err(error) => {
            println!("{error:#}");
            Counts { passed: 0, failed: 1 }
        }
    }
}

/// The engine of React Native, whose sources a crate carries.
struct Hermes {
    sources: PathBuf,
    build: PathBuf,
}

impl Hermes {
    fn built() -> anyhow::Result<Self> {
        let folder = tools::target()?.join("tools/hermes");
        let hermes = Self { sources: Self::sources(&folder)?, build: folder.join("build") };
        if hermes.build.join("lib/libhermesvm.so").exists() && hermes.build.join("jsi/libjsi.a").exists() {
            return Ok(hermes);
        }
        println!("Hermes is not here: building hermes-engine@{HERMES}, half an hour of one core");
        let cmake = tools::python_tool("cmake", "cmake==4.4.5")?;
        let ninja = tools::python_tool("ninja", "ninja==1.13.2")?;
        let mut configure = Command::new(cmake);
        configure.arg("-S").arg(&hermes.sources).arg("-B").arg(&hermes.build).args(["-G", "Ninja"]);
        configure.arg(format!("-DCMAKE_MAKE_PROGRAM={}", ninja.display()));
        configure.args(["-DCMAKE_BUILD_TYPE=Release", "-DHERMES_ENABLE_DEBUGGER=OFF", "-DHERMES_ENABLE_INTL=OFF"]);
        configure.args(["-DHERMES_ENABLE_TEST_SUITE=OFF", "-DHERMES_UNICODE_LITE=ON"]);
        succeed(&mut configure)?;
        succeed(Command::new(ninja).arg("-C").arg(&hermes.build).args(["hermesvm", "jsi"]))?;
        Ok(hermes)
    }

    /// Where cargo has put the crate.
    fn sources(folder: &Path) -> anyhow::Result<PathBuf> {
        let manifest = folder.join("Cargo.toml");
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("src/lib.rs"), "")?;
        let package = "[package]\nname = \"hermes-sources\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(&manifest, format!("{package}[dependencies]\nhermes-engine = \"={HERMES}\"\n"))?;
        let mut ask = Command::new("cargo");
        let answer = ask.args(["metadata", "--format-version", "1", "--manifest-path"]).arg(&manifest).output()?;
        anyhow::ensure!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        let metadata: Value = serde_json::from_slice(&answer.stdout)?;
        let packages = metadata["packages"].as_array().context("no packages")?;
        let found = packages.iter().find(|package| package["name"] == "hermes-engine").context("no hermes-engine")?;
        let manifest = Path::new(found["manifest_path"].as_str().context("no path")?);
        Ok(manifest.with_file_name("hermes-vendor"))
    }
}
