// The contract in Hermes: the runner has made `host` and the timers, and React Native's own polyfill is what Hermes lacks.
import 'abort-controller/polyfill';

import { runContract } from './contract';

const log = (...words: unknown[]) => host.log(words.join(' '));
const assert = (is: unknown, ...words: unknown[]) => void (is || log(...words));
Object.assign(globalThis, { console: { log, warn: log, error: log, assert } });

void runContract();
