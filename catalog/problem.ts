/** Why a value breaks a limit of AWS; the caller adds the property path and the place where it is set. */
export interface LimitProblem {
  readonly given: unknown;
  /** What would have been taken, in words or as a list. */
  readonly allowed: string;
}

/** A whole number within bounds, both included. */
export interface Range {
  readonly min: number;
  readonly max: number;
  /** Shown behind the bounds, for example `seconds`. */
  readonly unit?: string;
}

/** The problem of a number outside a range, or undefined. */
export function outside(value: number, { min, max, unit }: Range): LimitProblem | undefined {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return { given: value, allowed: `a whole number from ${min} to ${max}${unit === undefined ? "" : ` ${unit}`}` };
}

/** The problem of a value that is in no list, or undefined. */
export function notOneOf<T>(value: T, allowed: readonly T[]): LimitProblem | undefined {
  return allowed.includes(value) ? undefined : { given: value, allowed: allowed.join(", ") };
}

/** A name as AWS takes it. */
export interface NameLimit {
  readonly min?: number;
  readonly max: number;
  readonly pattern: RegExp;
  /** The pattern in words. */
  readonly words: string;
}

/** The problem of a name, or undefined. */
export function badName(value: string, { min = 1, max, pattern, words }: NameLimit): LimitProblem | undefined {
  if (value.length >= min && value.length <= max && pattern.test(value)) return undefined;
  return { given: value, allowed: `${min} to ${max} characters: ${words}` };
}
