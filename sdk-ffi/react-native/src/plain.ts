import { SaathiiError } from './error';

/**
 * What comes from Rust as an app likes it: a `bigint` is a `number`, and the fields of a variant stand beside its `tag`.
 */
export type Plain<T> = T extends bigint
  ? number
  : T extends string | number | boolean | null | undefined | Date
    ? T
    : T extends { tag: infer Tag extends string; inner: infer Inner }
      ? { tag: `${Tag}` } & Plain<Inner>
      : T extends { tag: infer Tag extends string }
        ? { tag: `${Tag}` }
        : T extends readonly (infer Item)[]
          ? Plain<Item>[]
          : { [Key in keyof T]: Plain<T[Key]> };

/** Makes plain what came from Rust, however deep. */
export function plain<T>(value: T): Plain<T> {
  return convert(value) as Plain<T>;
}

function convert(value: unknown): unknown {
  if (typeof value === 'bigint') return safeNumber(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(convert);
  if ('tag' in value) {
    const { tag, inner } = value as { tag: unknown; inner?: object };
    return { tag, ...convertFields(inner ?? {}) };
  }
  return convertFields(value);
}

function convertFields(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, convert(field)]));
}

function safeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new SaathiiError('unexpected_answer', `${value} is too large for a number`);
  return number;
}

/** An id, an amount or a page on its way to Rust. */
export function toBigInt(value: number, name: string): bigint {
  return BigInt(whole(value, name));
}

/** A whole number that Rust takes as one of 32 bits without a sign. */
export function toU32(value: number, name: string): number {
  if (whole(value, name) < 0 || value > 0xffff_ffff) throw wrong(value, name);
  return value;
}

function whole(value: number, name: string): number {
  if (!Number.isSafeInteger(value)) throw wrong(value, name);
  return value;
}

function wrong(value: number, name: string): SaathiiError {
  return new SaathiiError('configuration', `${name}: ${value} is not a whole number in range`);
}
