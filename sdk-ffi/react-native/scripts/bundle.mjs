// bundle.mjs node|hermes OUT ENTRY…: one file of each entry, with the bindings of that host in place of React Native's.
import { build } from 'esbuild';

const HOSTS = {
  node: { format: 'esm', platform: 'node', target: 'node20', outExtension: { '.js': '.mjs' }, packages: 'external' },
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
