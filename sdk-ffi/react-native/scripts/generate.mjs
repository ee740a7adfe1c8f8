// generate.mjs [--check]: writes what uniffi-bindgen-react-native makes of sdk-ffi, or fails where what lies here differs.
//
// UBRN names the command, LIBRARY the built library; without them both are built.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const workspace = resolve(here, '../..');
const target = resolve(workspace, process.env.CARGO_TARGET_DIR ?? 'target');

/** All that is generated, and nothing else. */
const GENERATED = [
  'Saathii.podspec',
  'android/CMakeLists.txt',
  'android/build.gradle',
  'android/cpp-adapter.cpp',
  'android/src/main/AndroidManifest.xml',
  'android/src/main/java',
  'cpp',
  'ios',
  'src/NativeSaathii.ts',
  'src/bindings.ts',
  'src/generated',
];
const NAMESPACES = ['saathii_sdk_ffi', 'saathii_shared_types'];

const ubrn = process.env.UBRN ?? buildUbrn();
const library = process.env.LIBRARY ?? buildLibrary();
const fresh = generate();
try {
  if (process.argv.includes('--check')) {
    check(fresh);
  } else {
    for (const path of GENERATED) {
      rmSync(join(here, path), { recursive: true, force: true });
      cpSync(join(fresh, path), join(here, path), { recursive: true });
    }
  }
} finally {
  rmSync(fresh, { recursive: true });
}

function run(program, words, folder) {
  const env = { ...process.env, RUST_BACKTRACE: '0' };
  execFileSync(program, words, { cwd: folder, env, stdio: 'inherit' });
}

function buildLibrary() {
  run('cargo', ['build', '--package', 'saathii-sdk-ffi'], workspace);
  const names = { darwin: 'libsaathii_sdk_ffi.dylib', win32: 'saathii_sdk_ffi.dll' };
  return join(target, 'debug', names[process.platform] ?? 'libsaathii_sdk_ffi.so');
}

/** Its sources come with the npm package, for the version that the package is. */
function buildUbrn() {
  const sources = join(here, 'node_modules/uniffi-bindgen-react-native');
  const { version } = JSON.parse(readFileSync(join(sources, 'package.json'), 'utf8'));
  const root = join(target, 'tools', `ubrn-${version}`);
  const program = join(root, 'bin/uniffi-bindgen-react-native');
  if (!existsSync(program)) {
    const folders = ['--path', join(sources, 'crates/ubrn_cli'), '--target-dir', join(root, 'build'), '--root', root];
    run('cargo', ['install', '--quiet', '--debug', ...folders], workspace);
    rmSync(join(root, 'build'), { recursive: true });
  }
  return program;
}

function generate() {
  const folder = mkdtempSync(join(tmpdir(), 'saathii-bindings-'));
  cpSync(join(here, 'package.json'), join(folder, 'package.json'));
  // It names the workspace from where it lies.
  const config = join(folder, 'ubrn.config.yaml');
  writeFileSync(config, readFileSync(join(here, 'ubrn.config.yaml'), 'utf8').replace('../..', workspace));
  mkdirSync(join(folder, 'src/generated'), { recursive: true });
  const [ts, cpp] = [join(folder, 'src/generated'), join(folder, 'cpp/generated')];
  // Cargo's metadata are asked for where it runs.
  run(ubrn, ['generate', 'napi', 'bindings', '--library', library, '--ts-dir', join(ts, 'node'), '--no-format', '--lib-colocated'], workspace);
  run(ubrn, ['generate', 'jsi', 'bindings', '--library', library, '--ts-dir', ts, '--cpp-dir', cpp, '--no-format'], workspace);
  run(ubrn, ['generate', 'jsi', 'turbo-module', '--config', config, ...NAMESPACES], folder);
  return folder;
}

function files(root, path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  const entries = readdirSync(dirname(full), { withFileTypes: true });
  if (entries.find((entry) => entry.name === path.split('/').at(-1))?.isFile()) return [path];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function check(fresh) {
  const paths = new Set(GENERATED.flatMap((path) => [...files(fresh, path), ...files(here, path)]));
  const read = (root, path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);
  const different = [...paths].filter((path) => read(fresh, path) !== read(here, path));
  if (different.length > 0) {
    console.error(`not as generated, run \`npm run generate\`:\n  ${different.join('\n  ')}`);
    process.exitCode = 1;
  }
}
