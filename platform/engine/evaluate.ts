import type { EvaluationError } from "./errors";
import { explainFailure } from "./failure";
import { Listener } from "./listener";
import { Program } from "./program";
import { readProject } from "./project";
import { readStackConfig, type StackConfig } from "./stack-config";
import type { Diagnostic, EvaluateOptions, Evaluation, PropertyMap } from "./types";

const defaultTimeoutMs = 60_000;

/**
 * Runs a Pulumi Node program unmodified, as a preview against nothing, and records what it registers. No Pulumi CLI, no
 * credentials, no network.
 * @throws EvaluationError with one clear message when the program cannot be evaluated; nothing is left running.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const started = performance.now();
  const project = readProject(options.projectDir);
  const config = readStackConfig(project, options.stack, options.config);
  const diagnostics: Diagnostic[] = [];
  const say = (diagnostic: Diagnostic): void => {
    if (diagnostic.severity !== "debug") diagnostics.push(diagnostic);
  };
  const listener = await Listener.open();
  const closing: (() => void)[] = [() => listener.close()];
  try {
    const program = Program.start({
      project,
      stack: options.stack,
      organization: options.organization ?? "organization",
      config,
      address: listener.address,
      onLine: (stream, message) => say({ severity: stream === "stdout" ? "info" : "info#err", message }),
    });
    closing.push(() => program.stop());
    // Loading gRPC takes a while, and the program needs that while to load itself.
    const { createEngine } = require("./engine") as typeof import("./engine");
    let refusal: EvaluationError | undefined;
    let outputs: PropertyMap | undefined;
    const engine = createEngine({
      stack: options.stack,
      project,
      config: config.values,
      stackOutputs: options.stackOutputs ?? {},
      parameters: options.parameters,
      standIns: options.outputs === "stand-in",
      deployed: options.deployed,
      listener,
      pipe: program.pipe,
      onDiagnostic: say,
      onRefusal: (error, fatal) => {
        refusal ??= error;
        // A resource that is refused ends the program, as it does under the CLI; a failed invoke it may handle itself.
        if (fatal) program.stop();
      },
      onComplete: (given) => {
        outputs = given;
      },
    });
    closing.push(() => engine.close());
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const { end, timedOut } = await program.wait(timeoutMs);
    if (end.code !== 0 || outputs === undefined || timedOut) {
      throw explainFailure({
        root: project.root,
        end,
        diagnostics,
        refusal,
        exit: program.exitReport,
        timedOutAfterMs: timedOut ? timeoutMs : undefined,
        complete: outputs !== undefined,
        lastPlace: engine.resources().findLast(({ sourcePosition }) => sourcePosition !== undefined)?.sourcePosition,
      });
    }
    return {
      project: project.name,
      stack: options.stack,
      config: shownConfig(config),
      resources: engine.resources(),
      outputs,
      diagnostics,
      durationMs: performance.now() - started,
    };
  } finally {
    for (const close of closing.reverse()) close();
  }
}

function shownConfig({ values, secretKeys }: StackConfig): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, text]) => [key, secretKeys.includes(key) ? "[secret]" : text]),
  );
}
