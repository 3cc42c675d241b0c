import { type EvaluateOptions, type Evaluation, EvaluationError, evaluate } from "../engine";

/** Evaluates with stand-ins for outputs, so that rules can judge texts that hold some; without them where a program fails on them. */
export async function evaluateWithStandIns(options: EvaluateOptions): Promise<Evaluation> {
  try {
    return await evaluate({ ...options, outputs: "stand-in" });
  } catch (error) {
    if (!isProgramFailure(error)) throw error;
    return evaluate({ ...options, outputs: "unknown" });
  }
}

/** True for a failure that a program given stand-ins may have for their sake. */
export const isProgramFailure = (error: unknown): boolean =>
  EvaluationError.isInstance(error) && error.failure === "program";
