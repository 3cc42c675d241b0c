import type { Diagnostic } from "./types";

/** Why an evaluation ended without a result. */
export type EvaluationFailure =
  /** `Pulumi.yaml` or a stack's config file cannot be used. */
  | "project"
  /** The program threw, a promise was rejected, or it could not be transpiled or loaded. */
  | "program"
  /** The program asked for something that the engine refuses: a URN twice, an invoke without an answer, ... */
  | "engine"
  /** The program ended by itself before it was complete. */
  | "exit"
  /** The program did not end in time. */
  | "timeout";

/** A program that could not be evaluated. `message` is fit to be shown to a person as it is. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";

  constructor(
    readonly failure: EvaluationFailure,
    message: string,
    /** `file:line:column` in the user's source, relative to the project, when it is known; already part of `message`. */
    readonly place?: string,
    /** What the program and the engine said before it failed. */
    readonly diagnostics: readonly Diagnostic[] = [],
  ) {
    super(message);
  }

  static isInstance(error: unknown): error is EvaluationError {
    return error instanceof Error && error.name === "EvaluationError";
  }
}
