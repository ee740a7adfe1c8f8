import type { Saathii, UserPresence } from '../client';
import { Reading } from './reading';

export type Presences = ReadonlyMap<number, UserPresence>;

/** The presence of some people: read once, then kept by events. */
export function readPresences(client: Saathii, ids: readonly number[]): Reading<Presences> {
  const wanted: ReadonlySet<number> = new Set(ids);
  const read = async (signal: AbortSignal): Promise<Presences> => {
    const presences = ids.length === 0 ? [] : await client.presenceOfMany(ids, { signal });
    return new Map(presences.map((presence) => [presence.userId, presence]));
  };
  return new Reading(client, read, (reading) => {
    const changes = new Map<number, UserPresence>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = client.on('presence', (presence) => {
      if (!wanted.has(presence.userId)) return;
      changes.set(presence.userId, presence);
      // In a burst each event is a task of its own: a render for each would only make the thread busier.
      timer ??= setTimeout(() => {
        timer = undefined;
        const gathered = [...changes];
        changes.clear();
        reading.patch((before) => new Map([...before, ...gathered]));
      });
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  });
}
