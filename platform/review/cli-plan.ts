import { InputError } from "../../contracts/input-error";
import { type Diagnostic, parseUrn, type Severity } from "../engine";
import { configOf } from "../plan/baseline/digest";
import { isJsonObject, type Json, type JsonObject, strings, text } from "../plan/baseline/json";
import { stateOfResourceV3 } from "../plan/baseline/resource-v3";
import { diffMaps } from "../plan/diff/values";
import type { Plan, PropertyDiff, Step, StepOp } from "../plan/model";
import { clip } from "./text";

const severities = ["debug", "info", "info#err", "warning", "error"] as const satisfies readonly Severity[];

/** The halves of a replacement, which its one logical step tells of, and what only tidies up the state. */
const halves: ReadonlySet<string> = new Set<StepOp>([
  "create-replacement",
  "delete-replaced",
  "read-replacement",
  "discard-replaced",
  "remove-pending-replace",
  "import-replacement",
]);

/** Operations that a comment speaks of. */
const ops: ReadonlySet<string> = new Set<StepOp>([
  "same",
  "create",
  "update",
  "delete",
  "replace",
  "read",
  "import",
  "refresh",
  "discard",
]);

/** A plan as the CLI printed it, and what is not in it. */
export interface CliPlan {
  readonly plan: Plan;
  /** Why resources of the stack are missing from the plan; absent when all are there. */
  readonly incomplete?: string;
}

/**
 * The plan that Pulumi's own CLI printed: a preview digest, or the stream of events that it prints with
 * `PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1`. Keys and operations that this version does not know are passed over, operations with a
 * warning. A preview that failed keeps its errors among the diagnostics; events that break off are read as far as they go.
 * @param file Where the text comes from, for messages.
 * @throws InputError for a digest that is cut off, or for something else.
 */
export function readCliPlan(content: string, file: string): CliPlan {
  const whole = parse(content);
  const isOneEvent = isJsonObject(whole) && typeof whole.sequence === "number";
  const read = whole === undefined || isOneEvent ? readEvents(content, file) : readDigest(whole, file);
  const steps = read.steps.flatMap((step) => readStep(step, file));
  const [first] = steps;
  if (first === undefined) throw notAPlan(file, read.errors[0] ?? "no step");
  const { project, stack } = parseUrn(first.urn);
  const changeSummary: Partial<Record<StepOp, number>> = {};
  for (const { op } of steps) changeSummary[op] = (changeSummary[op] ?? 0) + 1;
  const plan: Plan = {
    project,
    stack,
    config: read.config ?? {},
    steps,
    outputs: {},
    diagnostics: [...read.diagnostics, ...unknownOperations(read.steps)],
    changeSummary,
    durationMs: 0,
    baseline: "the stack as it is deployed",
  };
  const incomplete = read.breaksOff ?? withoutUnchanged(read.counted, changeSummary);
  return { plan, ...(incomplete === undefined ? {} : { incomplete }) };
}

/** A step in the digest's own shape. */
interface CliStep {
  readonly op: string;
  readonly urn: string;
  readonly values: JsonObject;
  readonly old: Json | undefined;
  readonly new: Json | undefined;
}

interface CliOutput {
  readonly steps: readonly CliStep[];
  readonly diagnostics: readonly Diagnostic[];
  readonly errors: readonly string[];
  readonly config?: Readonly<Record<string, string>>;
  /** How often the CLI counts each operation. */
  readonly counted: Json | undefined;
  /** Set when the text ends before the preview did. */
  readonly breaksOff?: string;
}

function readDigest(document: Json, file: string): CliOutput {
  if (!isJsonObject(document)) throw notAPlan(file, document);
  const diagnostics = readDiagnostics(document.diagnostics);
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
  if (!Array.isArray(document.steps)) throw notAPlan(file, errors[0] ?? Object.keys(document));
  const steps = document.steps.filter(isJsonObject).map((step) => cliStep(step, step.oldState, step.newState, file));
  return { steps, diagnostics, errors, config: configOf(document.config), counted: document.changeSummary };
}

function readEvents(content: string, file: string): CliOutput {
  const lines = content.split("\n").filter((line) => line.trim() !== "");
  const events: JsonObject[] = [];
  for (const line of lines) {
    const event = parse(line);
    if (!isJsonObject(event)) break;
    events.push(event);
  }
  if (events.length === 0) throw notAPlan(file, cutOff(content) ? "JSON that is cut off" : clip(content, 100));
  const inside = (key: string): JsonObject[] =>
    events.map((event) => event[key]).filter((value) => isJsonObject(value));
  const metadata = inside("resourcePreEvent").map((event) => event.metadata);
  const steps = metadata.filter((value) => isJsonObject(value)).map((step) => cliStep(step, step.old, step.new, file));
  const diagnostics = readDiagnostics(inside("diagnosticEvent"));
  const [summary] = inside("summaryEvent");
  const breaksOff =
    events.length < lines.length
      ? `the events break off: line ${events.length + 1} of ${lines.length} is not whole`
      : summary === undefined
        ? "the events break off before their summary"
        : undefined;
  return {
    steps,
    diagnostics,
    errors: diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message),
    config: configOf(inside("preludeEvent")[0]?.config),
    counted: summary?.resourceChanges,
    ...(breaksOff === undefined ? {} : { breaksOff }),
  };
}

/** A text that begins as JSON and does not end as such. */
const cutOff = (content: string): boolean => /^\s*[{[]/.test(content);

function cliStep(values: JsonObject, old: Json | undefined, next: Json | undefined, file: string): CliStep {
  const op = text(values.op);
  const urn = text(values.urn);
  if (op === undefined || urn === undefined) throw notAPlan(file, values);
  return { op, urn, values, old, new: next };
}

function readDiagnostics(given: Json | undefined): Diagnostic[] {
  if (!Array.isArray(given)) return [];
  return given.filter(isJsonObject).flatMap((one): Diagnostic[] => {
    const message = text(one.message)
      ?.replace(/<\{%[^%]*%\}>/g, "")
      .trim();
    const severity = severities.find((name) => name === one.severity);
    if (message === undefined || message === "" || severity === undefined) return [];
    return [{ severity, message, urn: text(one.urn) || undefined }];
  });
}

/** The CLI leaves unchanged resources out of a digest unless it is asked for them, and counts them all the same. */
function withoutUnchanged(counted: Json | undefined, found: Partial<Record<StepOp, number>>): string | undefined {
  const same = isJsonObject(counted) ? counted.same : undefined;
  const missing = (typeof same === "number" ? same : 0) - (found.same ?? 0);
  if (missing <= 0) return undefined;
  return `${missing} unchanged resource${missing === 1 ? " is" : "s are"} not in it; make it with --show-sames`;
}

/** A step of a kind that a newer CLI made up must not vanish without a word. */
function unknownOperations(steps: readonly CliStep[]): Diagnostic[] {
  return steps
    .filter(({ op }) => !ops.has(op) && !halves.has(op))
    .map(({ op, urn }) => ({
      severity: "warning",
      urn,
      message: `the operation "${op}" on ${parseUrn(urn).name} is not known to this version and not shown`,
    }));
}

function readStep({ op, urn, values, old: oldValue, new: newValue }: CliStep, file: string): Step[] {
  if (!ops.has(op)) return [];
  const { type, name } = parseUrn(urn);
  const old = isJsonObject(oldValue) ? stateOfResourceV3(oldValue, file) : undefined;
  const next = isJsonObject(newValue) ? stateOfResourceV3(newValue, file) : undefined;
  return [
    {
      op: op as StepOp,
      urn,
      type,
      name,
      provider: text(values.provider),
      ...(old && { old }),
      ...(next && { new: next }),
      differences: diffMaps(old?.inputs ?? {}, next?.inputs ?? {}),
      diffReasons: strings(values.diffReasons ?? values.diffs),
      replaceReasons: strings(values.replaceReasons ?? values.keys),
      detailedDiff: detailedDiff(values.detailedDiff),
      notes: {},
    },
  ];
}

function detailedDiff(given: Json | undefined): Step["detailedDiff"] {
  if (!isJsonObject(given)) return null;
  const entries = Object.entries(given).map(([path, diff]) => {
    const kind = isJsonObject(diff) ? (text(diff.kind) ?? text(diff.diffKind)) : undefined;
    return [
      path,
      { kind: (kind ?? "update") as PropertyDiff["kind"], inputDiff: isJsonObject(diff) && diff.inputDiff === true },
    ];
  });
  return Object.fromEntries(entries);
}

function parse(content: string): Json | undefined {
  try {
    return JSON.parse(content) as Json;
  } catch {
    return undefined;
  }
}

const notAPlan = (file: string, given: unknown): InputError =>
  new InputError({
    path: "--from",
    given,
    allowed: "what `pulumi preview --json` printed, whole: a digest or events",
    where: file,
  });
