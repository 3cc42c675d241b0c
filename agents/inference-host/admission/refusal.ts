/** Why a request was not served. */
export type RefusalReason =
  | "queue_full"
  | "overloaded"
  | "draining"
  | "not_ready"
  | "deadline_exceeded"
  | "queue_timeout";

const statuses = {
  queue_full: 429,
  overloaded: 503,
  draining: 503,
  not_ready: 503,
  deadline_exceeded: 504,
  queue_timeout: 503,
} as const satisfies Record<RefusalReason, number>;

/** A clean refusal, with the status that the client gets and when to come back. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(
    readonly reason: RefusalReason,
    message: string,
    /** Whole seconds for `Retry-After`. */
    readonly retryAfterSeconds: number,
  ) {
    super(message);
    this.status = statuses[reason];
  }
}
