import { InputError } from "../../../contracts/input-error";

/** Stops at a line of a trace that cannot be used. */
export function badTrace(file: string, line: number | undefined, given: unknown, allowed: string): never {
  throw new InputError({ path: line === undefined ? "demand" : `demand line ${line}`, given, allowed, where: file });
}

/** A number of a trace: finite and not negative. */
export function traceNumber(file: string, line: number, column: string, text: unknown): number {
  const value = typeof text === "string" && text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  return badTrace(file, line, text, `a number of at least 0 in column ${column}`);
}

/** A moment of a trace in seconds: a number of seconds, or a date and time (UTC where it names no zone). */
export function traceTime(
  file: string,
  line: number,
  column: string,
  text: string,
): { seconds: number; dated: boolean } {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return { seconds: Number(trimmed), dated: false };
  // Seven decimals of a second, as .NET writes them, are more than a date takes.
  const iso = trimmed.replace(" ", "T").replace(/(\.\d{3})\d+/, "$1");
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`;
  const time = Date.parse(zoned);
  if (!Number.isNaN(time)) return { seconds: time / 1000, dated: true };
  return badTrace(file, line, text, `seconds or a date and time in column ${column}`);
}
