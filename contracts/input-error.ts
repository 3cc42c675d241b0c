/** What a person typed, what would have been right, and where to change it. */
export interface InputProblem {
  /** Property path as the person knows it, for example `services.ai-router.cpu`. */
  readonly path: string;
  /** The value that was given; shown as JSON, cut after 120 characters. Never pass a secret. */
  readonly given: unknown;
  /** What is allowed, in words or as a list. */
  readonly allowed: string;
  /** Where it is set: a file and key, a command-line option or an environment variable. */
  readonly where?: string;
}

/**
 * The one error class for input that a person can correct. It is a contract because it crosses processes: the Pulumi runtime
 * prints it without a stack (that is what `__pulumiRunError` asks for), and the `platform` command turns it into exit code 2.
 */
export class InputError extends Error {
  readonly __pulumiRunError = true;
  override readonly name = "InputError";

  constructor(readonly problem: InputProblem) {
    super(describe(problem));
  }

  static isInstance(error: unknown): error is InputError {
    return error instanceof Error && error.name === "InputError";
  }
}

function describe({ path, given, allowed, where }: InputProblem): string {
  const place = where === undefined ? "" : ` (set in ${where})`;
  return `${path}: ${show(given)} is not allowed; allowed: ${allowed}${place}`;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
