import * as native from './bindings';
import { SaathiiError } from './error';

/** Whatever was thrown, as the one error of this package. */
export function toSaathiiError(thrown: unknown): SaathiiError {
  if (thrown instanceof SaathiiError) return thrown;
  if (!(thrown instanceof Error)) return new SaathiiError('internal', String(thrown), { cause: thrown });
  if (thrown.name === 'AbortError') return new SaathiiError('cancelled', 'cancelled by its caller', { cause: thrown });
  if (!native.SaathiiError.instanceOf(thrown)) return new SaathiiError('internal', thrown.message, { cause: thrown });
  const { code, detail } = thrown.inner;
  if (thrown.tag !== native.SaathiiError_Tags.Refused) {
    const isTransient = thrown.tag === native.SaathiiError_Tags.Unreachable;
    return new SaathiiError(code, detail, { isTransient, cause: thrown });
  }
  const { isTransient, status, retryAfterSeconds, required, available } = thrown.inner;
  return new SaathiiError(code, detail, {
    isTransient,
    status,
    cause: thrown,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds: Number(retryAfterSeconds) }),
    ...(required !== undefined && { required: Number(required) }),
    ...(available !== undefined && { available: Number(available) }),
  });
}

/** A new text, `null` for none, or `undefined` to leave it. */
export type Change<T> = T | null | undefined;

export function textChange(change: Change<string>): native.TextChange | undefined {
  if (change === undefined) return undefined;
  return change === null ? native.TextChange.Clear.new() : native.TextChange.Set.new({ value: change });
}

export function timeChange(change: Change<Date>): native.TimeChange | undefined {
  if (change === undefined) return undefined;
  return change === null ? native.TimeChange.Clear.new() : native.TimeChange.Set.new({ value: change });
}
