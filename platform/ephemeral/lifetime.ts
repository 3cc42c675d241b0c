import { InputError } from "../../contracts/input-error";

// How long an ephemeral stack lives. Pure: the time now is given.

const minuteMs = 60_000;

/** The shortest life, minutes: a whole stack takes longer to come up. */
export const leastMinutes = 5;

/** A time to live in minutes, or `never`. */
export type Ttl = number | "never";

/** RFC 3339 time in UTC after which a stack may be reaped, or `never`. */
export type Expiry = string;

interface Place {
  /** @default "ttl" */
  readonly path?: string;
  readonly where: string;
}

/**
 * Reads a time to live such as `45m`, `8h`, `7d12h` or `never`.
 * @throws InputError for anything else, and for less than five minutes.
 */
export function parseTtl(text: string, { path = "ttl", where }: Place): Ttl {
  if (text === "never") return "never";
  const match = /^(?=\d)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,7})m)?$/.exec(text);
  const [days = 0, hours = 0, minutes = 0] = (match ?? []).slice(1).map((digits) => Number(digits ?? 0));
  const total = (days * 24 + hours) * 60 + minutes;
  if (match !== null && total >= leastMinutes) return total;
  throw new InputError({
    path,
    given: text,
    allowed: `days, hours and minutes such as 45m, 8h or 7d12h, ${leastMinutes}m at least; or never`,
    where,
  });
}

/**
 * Holds a time to live against the configured limits.
 * @throws InputError for one that is too long, and for `never` where config does not allow it.
 */
export function checkTtl(ttl: Ttl, limits: { most: Ttl; never: boolean }, where: string): Ttl {
  const allowed = limits.most === "never" ? "never" : `at most ${formatTtl(limits.most)}`;
  if (ttl === "never") {
    if (limits.never) return ttl;
    throw new InputError({ path: "ttl", given: "never", allowed: `${allowed}; ttl.never is false`, where });
  }
  if (limits.most === "never" || ttl <= limits.most) return ttl;
  throw new InputError({ path: "ttl", given: formatTtl(ttl), allowed: `${allowed} (ttl.most)`, where });
}

/** The time to live as a person types it: the longest units first, none that is zero. */
export function formatTtl(ttl: Ttl): string {
  if (ttl === "never") return "never";
  const parts = [Math.floor(ttl / 1440), Math.floor((ttl % 1440) / 60), ttl % 60];
  const text = parts.map((amount, index) => (amount === 0 ? "" : `${amount}${"dhm"[index]}`)).join("");
  return text === "" ? "0m" : text;
}

/** When a life that begins now ends, to the whole minute after it. */
export function expiryFrom(now: Date, ttl: Ttl): Expiry {
  if (ttl === "never") return "never";
  const end = Math.ceil(now.getTime() / minuteMs) * minuteMs + ttl * minuteMs;
  return new Date(end).toISOString().replace(".000Z", "Z");
}

/** The later of two: a redeploy extends a life and never shortens it. */
export function laterExpiry(one: Expiry | undefined, other: Expiry): Expiry {
  if (one === undefined || !isExpiry(one)) return other;
  if (one === "never" || other === "never") return "never";
  return Date.parse(one) >= Date.parse(other) ? one : other;
}

/** True for text that is an expiry; a tag can hold anything. */
export function isExpiry(text: string | undefined): text is Expiry {
  return (
    text === "never" ||
    (text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)))
  );
}

/** True once the time has come. Text that is no expiry never is: nothing is reaped by mistake. */
export function isExpired(expiry: string | undefined, now: Date): boolean {
  return isExpiry(expiry) && expiry !== "never" && Date.parse(expiry) <= now.getTime();
}

/** What is left of a life, in words. */
export function describeRest(expiry: string | undefined, now: Date): string {
  if (!isExpiry(expiry)) return "no expiry";
  if (expiry === "never") return "never expires";
  const minutes = Math.floor((Date.parse(expiry) - now.getTime()) / minuteMs);
  return minutes >= 0 ? `${formatTtl(minutes)} left` : `expired ${formatTtl(-minutes)} ago`;
}
