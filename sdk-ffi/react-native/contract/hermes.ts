// The contract in Hermes: the runner has made `host` and the timers, and React Native's own polyfill is what Hermes lacks.
import 'abort-controller/polyfill';

import { runContract } from './contract';

void runContract();
