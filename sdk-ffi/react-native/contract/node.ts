// The contract in Node: standard output and input, read and written by a thread that waits.
import { readSync, writeSync } from 'node:fs';

import { runContract } from './contract';

const [stdin, stdout] = [0, 1];
let received = Buffer.alloc(0);

function readLine(): string {
  for (;;) {
    const end = received.indexOf('\n');
    if (end >= 0) {
      const line = received.subarray(0, end).toString('utf8');
      received = received.subarray(end + 1);
      return line;
    }
    const chunk = Buffer.alloc(4096);
    const length = readSync(stdin, chunk);
    if (length === 0) throw new Error('nobody answers');
    received = Buffer.concat([received, chunk.subarray(0, length)]);
  }
}

let kept = '';
globalThis.host = {
  generation: 1,
  log: (line) => void writeSync(stdout, `${line}\n`),
  exchange: (line) => {
    writeSync(stdout, `@${line}\n`);
    return readLine();
  },
  keep: (text) => {
    kept = text;
  },
  kept: () => kept,
  usedBytes: () => {
    global.gc?.();
    return process.memoryUsage().heapUsed;
  },
  exit: (code) => process.exit(code),
};
void runContract();
