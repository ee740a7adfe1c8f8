//! How each host is started.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::bail;
use tokio::process::Command;

use crate::runner::{
    bindings::{library, library_name},
    counted::succeed,
    tools,
};

/// Whose story there is.
pub(super) const NAMES: [&str; 2] = ["python", "kotlin"];

/// Builds what the host needs.
pub(super) fn command(name: &str) -> anyhow::Result<Command> {
    match name {
        "python" => python(),
        "kotlin" => kotlin(),
        _ => bail!("no story of `{name}`; there are: {}", NAMES.join(", ")),
    }
}

/// The package as it is installed: modules with the library beside them.
fn python() -> anyhow::Result<Command> {
    let (package, installed) = (sdk_ffi().join("python"), folder("python")?);
    let modules = installed.join("saathii");
    fs::create_dir_all(&modules)?;
    for entry in fs::read_dir(package.join("saathii"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, modules.join(path.file_name().unwrap_or_default()))?;
        }
    }
    fs::copy(library()?, modules.join(library_name()))?;
    let mut command = Command::new(tools::debian("python3", "python3")?);
    command.arg(package.join("tests/story.py")).env("PYTHONPATH", installed);
    Ok(command)
}

/// Compiled from the committed sources, by a compiler that runs on the JVM as well.
fn kotlin() -> anyhow::Result<Command> {
    let (package, built) = (sdk_ffi().join("kotlin"), folder("kotlin")?);
    let java = tools::debian("java", "openjdk-17-jre-headless")?;
    let jna = Path::new("/usr/share/java/jna.jar");
    if !jna.exists() {
        tools::debian_package("libjna-java")?;
        tools::debian_package("libjna-jni")?;
    }
    tools::npm(&package.join("story"))?;
    let compiler = package.join("story/node_modules/kotlin-compiler/lib");
    let class_path = |jars: &[PathBuf]| std::env::join_paths(jars);
    let libraries = ["kotlin-stdlib.jar", "kotlinx-coroutines-core-jvm.jar"].map(|jar| compiler.join(jar));
    let mut jars = vec![jna.to_owned()];
    jars.extend(libraries);
    let story = built.join("story.jar");
    let mut compile = std::process::Command::new(&java);
    compile.arg("-cp").arg(compiler.join("*")).arg("org.jetbrains.kotlin.cli.jvm.K2JVMCompiler");
    compile.args(["-no-stdlib", "-no-reflect", "-nowarn", "-classpath"]).arg(class_path(&jars)?);
    succeed(compile.arg("-d").arg(&story).arg(package.join("src/main/kotlin")).arg(package.join("story/Story.kt")))?;
    let library = library()?;
    jars.push(story);
    let mut command = Command::new(java);
    let mut library_path = std::ffi::OsString::from("-Djna.library.path=");
    library_path.push(library.parent().unwrap_or(Path::new(".")));
    command.arg(library_path).arg("-cp").arg(class_path(&jars)?).arg("StoryKt");
    Ok(command)
}

fn sdk_ffi() -> PathBuf {
    tools::root().join("sdk-ffi")
}

/// Where a host's program is put together.
fn folder(host: &str) -> anyhow::Result<PathBuf> {
    Ok(tools::target()?.join("story").join(host))
}
