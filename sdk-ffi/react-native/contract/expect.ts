import { type Saathii, SaathiiError, type SaathiiEvents } from '../src/core';

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`expected: ${what}`);
}

export function expectEqual<T>(found: T, wanted: T, what: string): void {
  expect(Object.is(found, wanted), `${what} to be ${String(wanted)}, not ${String(found)}`);
}

/** The error that a call must end in. */
export async function failure(work: Promise<unknown>, code: string): Promise<SaathiiError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error instanceof SaathiiError, `a SaathiiError, not ${String(error)}`);
  expectEqual(error.code, code, `the code of “${error.message}”`);
  return error;
}

const LONGEST_WAIT_MS = 60_000;

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const begun = Date.now();
  while (!(await condition())) {
    expect(Date.now() - begun < LONGEST_WAIT_MS, `${what}, for a minute`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Heard = { [Name in keyof SaathiiEvents]: { name: Name; event: SaathiiEvents[Name] } }[keyof SaathiiEvents];

const NAMES = [
  'session',
  'signedOut',
  'connected',
  'disconnected',
  'presence',
  'feed',
  'call',
  'ring',
  'wallet',
  'review',
  'resync',
] as const;

/** All that a client tells, in order. */
export class Ear {
  heard: Heard[] = [];

  constructor(client: Saathii) {
    for (const name of NAMES) {
      client.on(name, (event) => void this.heard.push({ name, event } as Heard));
    }
  }

  forget(): void {
    this.heard = [];
  }

  /** Waits for the next event like this, and forgets it and all before it. */
  async next<Name extends keyof SaathiiEvents>(
    name: Name,
    isIt: (event: SaathiiEvents[Name]) => boolean = () => true,
  ): Promise<SaathiiEvents[Name]> {
    let place = -1;
    const matches = (heard: Heard) => heard.name === name && isIt(heard.event as SaathiiEvents[Name]);
    await until(`an event “${name}”`, () => (place = this.heard.findIndex(matches)) >= 0);
    const found = this.heard[place]?.event as SaathiiEvents[Name];
    this.heard = this.heard.slice(place + 1);
    return found;
  }
}
