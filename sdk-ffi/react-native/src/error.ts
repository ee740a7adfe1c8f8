/** Beside what an `Error` has, all that may be known of a failure. */
export interface SaathiiErrorDetails {
  isTransient?: boolean;
  status?: number;
  retryAfterSeconds?: number;
  required?: number;
  available?: number;
  cause?: unknown;
}

/**
 * Why a call failed: the only error that this package throws.
 *
 * `code` is stable. It is the server's where the server refused (`insufficient_coins`, `listener_busy`, …), and otherwise
 * `network`, `timeout`, `certificate`, `signed_out`, `cancelled`, `storage`, `file`, `upload_refused`, `configuration`,
 * `unexpected_answer`, `step_used`, `feed_closed`, `no_call`, `closed` or `internal`.
 */
export class SaathiiError extends Error {
  override readonly name = 'SaathiiError';
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly isTransient: boolean;
  /** The HTTP status, where the server refused. */
  readonly status: number | undefined;
  /** How long the server asks to wait. */
  readonly retryAfterSeconds: number | undefined;
  /** Where the balance does not suffice: what was needed. */
  readonly required: number | undefined;
  /** Where the balance does not suffice: what is there. */
  readonly available: number | undefined;

  constructor(code: string, detail: string, details: SaathiiErrorDetails = {}) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.isTransient = details.isTransient ?? false;
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.required = details.required;
    this.available = details.available;
  }

  /** How many coins must be bought before the same call can succeed. */
  get missingCoins(): number | undefined {
    if (this.code !== 'insufficient_coins' || this.required === undefined || this.available === undefined) return undefined;
    return this.required - this.available;
  }

  /** Whether the caller itself gave up, by its `AbortSignal`. */
  get isCancelled(): boolean {
    return this.code === 'cancelled';
  }
}
