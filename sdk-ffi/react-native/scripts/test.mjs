// The unit tests, by Node's own runner.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const tests = readdirSync(join(here, 'test')).filter((name) => /\.test\.tsx?$/.test(name));

function node(...words) {
  const { status } = spawnSync(process.execPath, words, { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

node('scripts/bundle.mjs', 'test', 'build/test', ...tests.map((name) => `test/${name}`));
const bundles = tests.map((name) => `build/test/${name.replace(/\.tsx?$/, '.mjs')}`);
node('--enable-source-maps', '--test', '--test-reporter=tap', ...bundles);
