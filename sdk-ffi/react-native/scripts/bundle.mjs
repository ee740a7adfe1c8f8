// bundle.mjs node|hermes|test OUT ENTRY…: one file of each entry, with the bindings of that host in place of React Native's.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const tests = join(dirname(fileURLToPath(import.meta.url)), '../test');

/** Unit tests hold both ends: a fake of what is native. */
const fakes = {
  name: 'fakes',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/bindings$/ }, () => ({ path: join(tests, 'fake-bindings.ts') }));
    onResolve({ filter: /^react-native$/ }, () => ({ path: join(tests, 'fake-react-native.ts') }));
  },
};

const HOSTS = {
  node: { format: 'esm', platform: 'node', target: 'node20', outExtension: { '.js': '.mjs' }, packages: 'external' },
  test: {
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: { '.js': '.mjs' },
    jsx: 'automatic',
    external: ['@ubjs/*', 'react', 'react-test-renderer'],
    plugins: [fakes],
  },
  // As Metro has it for Hermes: functions of old, `bigint` of today, and one file that is evaluated.
  hermes: {
    format: 'iife',
    target: 'es2017',
    supported: { bigint: true },
    banner: { js: 'var global = globalThis;' },
    define: { 'process.env.NODE_ENV': '"production"' },
  },
};

const [host, outdir, ...entryPoints] = process.argv.slice(2);
await build({
  ...HOSTS[host],
  entryPoints,
  outdir,
  bundle: true,
  sourcemap: 'inline',
  logLevel: 'warning',
  resolveExtensions: [`.${host}.tsx`, `.${host}.ts`, '.tsx', '.ts', '.js', '.json'],
});
