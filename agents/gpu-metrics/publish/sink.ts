import type { Datum } from "./window";

/** What became of a request. */
export type Outcome =
  | { readonly kind: "delivered" }
  /** Worth another try later: throttled, 5xx, network, credentials, permissions. */
  | { readonly kind: "retry"; readonly reason: string }
  /** The request itself is wrong; `index` is the datum that CloudWatch names, where it does. */
  | { readonly kind: "invalid"; readonly reason: string; readonly index?: number };

/** Where data goes. */
export interface Sink {
  /** Sends one request; never throws. */
  put(data: readonly Datum[], signal: AbortSignal): Promise<Outcome>;
}

/** What of an SDK error is looked at. */
export interface ErrorFacts {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
  readonly message: string;
}

const credentialErrors =
  /ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|CredentialsProviderError|TokenProviderError|RequestTimeTooSkewed/;
const busyErrors =
  /Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded|SlowDown|InternalService|InternalFailure|InternalServer|ServiceUnavailable|RequestTimeout/;
const deniedErrors = /AccessDenied|NotAuthorized|UnauthorizedOperation|OptInRequired/;

/** True where other credentials may help. */
export function isCredentialError(error: ErrorFacts): boolean {
  return credentialErrors.test(error.name) || credentialErrors.test(error.code ?? "");
}

/**
 * Sorts an error of the SDK: what the service says of the data itself is not tried again, everything else is. A permission that
 * is missing is tried again too, since policies take time to apply and data must not be lost to that.
 */
export function judgeError(error: ErrorFacts): Outcome {
  const names = `${error.name} ${error.code ?? ""}`;
  const reason = `${error.code ?? error.name}: ${error.message}`;
  const { status } = error;
  const temporary = busyErrors.test(names) || deniedErrors.test(names) || isCredentialError(error);
  if (temporary || status === undefined || status >= 500 || status === 429 || status === 403 || status === 401) {
    return { kind: "retry", reason };
  }
  if (status < 400) return { kind: "retry", reason };
  const place = /MetricData\.member\.(\d+)/.exec(error.message)?.[1];
  return place === undefined ? { kind: "invalid", reason } : { kind: "invalid", reason, index: Number(place) - 1 };
}
