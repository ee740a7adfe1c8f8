/** Who runs the contract, Node or Hermes, gives it this as `globalThis.host`. */
export interface Host {
  /** 1, and one more in each runtime that follows a reload. */
  readonly generation: number;
  log(line: string): void;
  /** Writes a line for the harness and waits, the whole thread, for the line that it answers with. */
  exchange(line: string): string;
  /** Keeps a text over reloads, as a keychain does. */
  keep(text: string): void;
  kept(): string;
  /** The bytes that living objects take. */
  usedBytes(): number;
  /** Ends this runtime and evaluates the bundle in a new one; absent where the host has only one. */
  reload?(): void;
  exit(code: number): void;
}

declare global {
  var host: Host;
}

/** One question to the harness, which drives the server and everybody else. */
export function ask<Answer = true>(name: string, question: object = {}): Answer {
  const answer = JSON.parse(host.exchange(JSON.stringify({ ask: name, ...question }))) as
    | { ok: Answer }
    | { error: string };
  if ('error' in answer) throw new Error(`${name}: ${answer.error}`);
  return answer.ok;
}
