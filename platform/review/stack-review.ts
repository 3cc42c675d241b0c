import { InputError } from "../../contracts/input-error";
import type { Finding } from "../../policies/evaluate";
import { parsed } from "../../policies/rule";
import type { Plan, ResourceState, StackState, Step } from "../plan/model";
import { type Bill, makeBill } from "../pricing/bill";
import { makeGraph } from "../pricing/graph";
import { dollars } from "../pricing/render";
import { checks, runChecks } from "./checks";
import { inOrder, stateInOrder } from "./order";
import { type Destruction, destructions } from "./risk";
import type { RulebookChange } from "./rulebook";
import { policyFindings } from "./rules";

/** Everything that a reviewer is told about one stack. */
export interface StackReview {
  readonly stack: string;
  readonly plan: Plan;
  readonly destructions: readonly Destruction[];
  readonly findings: FindingsChange;
  readonly bill: { readonly before?: Bill; readonly after: Bill };
  /** Why the base could not be compared with; the rest then speaks of the new state alone. */
  readonly baseProblem?: string;
  /** Why resources of the stack are missing: bills and findings then speak of what changes alone. */
  readonly incomplete?: string;
  /** Whose rules judged, where the pull request changes them. */
  readonly judgement?: Judgement;
}

/**
 * The base's rules, exceptions, prices and tables judge, and `change` is what the head's would alter; where the base cannot judge,
 * the head's do, `note` says why, and `mayPass` whether that is expected, as of a base that is older than its judge.
 */
export type Judgement =
  | { readonly by: "base"; readonly name: string; readonly change: RulebookChange }
  | { readonly by: "head"; readonly note: string; readonly mayPass: boolean };

/** A stack whose program does not evaluate, and why. */
export interface FailedReview {
  readonly stack: string;
  readonly failure: string;
}

export type Review = StackReview | FailedReview;

/** Findings of the new state against those of the base. */
export interface FindingsChange {
  readonly introduced: readonly Finding[];
  readonly remaining: readonly Finding[];
  readonly resolved: readonly Finding[];
}

export interface ReviewOptions {
  /** ISO 8601 day that exceptions are judged by. */
  readonly today: string;
  /** Why there is no base to compare with; every finding then counts as introduced. */
  readonly baseProblem?: string;
  /** The base's own config, which its bill and budget are read from. @default the plan's */
  readonly baseConfig?: StackState["config"];
  /** Both sides as evaluated with stand-ins, for rules that judge texts with outputs in them. @default the plan's states */
  readonly evaluated?: { readonly before?: StackState; readonly after: StackState };
  /** Why resources of the stack are missing from the plan; what needs all of them is then left out. @default the plan is whole */
  readonly incomplete?: string;
}

/** Reviews a plan. */
export function reviewPlan(given: Plan, options: ReviewOptions): StackReview {
  const plan = inOrder(given);
  const { today, baseProblem, baseConfig = plan.config, evaluated, incomplete } = options;
  const after = stateOf(plan, plan.config, ({ new: next }) => next);
  const before = plan.baseline === undefined ? undefined : stateOf(plan, baseConfig, ({ old }) => old);
  const find = (state: StackState, judged = state): Finding[] =>
    findingsOf(state, today, incomplete === undefined, judged);
  return {
    stack: plan.stack,
    plan,
    destructions: destructions(plan),
    findings: compareFindings(
      before && find(before, evaluated?.before && stateInOrder(evaluated.before)),
      find(after, evaluated && stateInOrder(evaluated.after)),
      currentUrns(plan),
    ),
    bill: { ...(before && { before: makeBill(before) }), after: makeBill(after) },
    ...(baseProblem === undefined ? {} : { baseProblem }),
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

/** Current URN by the one in the base, of what was renamed. */
function currentUrns({ steps }: Plan): ReadonlyMap<string, string> {
  return new Map(
    steps.flatMap(({ urn, notes: { renamedFrom } }) =>
      renamedFrom === undefined ? [] : [[renamedFrom, urn] as const],
    ),
  );
}

function stateOf(
  plan: Plan,
  config: StackState["config"],
  side: (step: Step) => ResourceState | undefined,
): StackState {
  const resources = plan.steps.flatMap((step) => side(step) ?? []);
  return { project: plan.project, stack: plan.stack, config, resources, outputs: {} };
}

/**
 * Broken rules, limits and wiring of a stack, and its budget.
 * @param whole False when resources are missing: only what one resource shows by itself is judged then.
 * @param judged The same state as rules are to see it, with stand-ins for outputs.
 */
export function findingsOf(state: StackState, today: string, whole = true, judged = state): Finding[] {
  if (!whole) return policyFindings(judged, today, false);
  const graph = makeGraph(state.resources);
  return [
    ...policyFindings(judged, today),
    ...runChecks(checks, { stack: state.stack, resources: state.resources, graph }),
    ...budgetFinding(state),
  ];
}

/** The stack's own budget, as its config sets it. */
function budgetFinding(state: StackState): Finding[] {
  const text = state.config?.[`${state.project}:budget`];
  if (text === undefined) return [];
  const monthlyUsd = budgetOf(text, `Pulumi.${state.stack}.yaml, key ${state.project}:budget`);
  const { expected } = makeBill(state).total;
  if (expected <= monthlyUsd) return [];
  return [
    {
      rule: "BUDGET",
      severity: "high",
      urn: state.stack,
      title: "The month stays within the stack's budget",
      message: `${dollars(expected)} expected, the budget is ${dollars(monthlyUsd)}`,
      remediation: "Make it cheaper, or raise budget.monthlyUsd in the stack's config on purpose.",
      status: "violated",
    },
  ];
}

/**
 * Dollars a month.
 * @throws InputError for a budget that is none; the program checks its own config, a plan from elsewhere may hold anything.
 */
function budgetOf(text: string, where: string): number {
  const given = parsed(text) as { readonly monthlyUsd?: unknown } | undefined | null;
  if (typeof given?.monthlyUsd === "number" && given.monthlyUsd > 0) return given.monthlyUsd;
  throw new InputError({ path: "budget", given: text, allowed: "monthlyUsd: an amount above 0", where });
}

function compareFindings(
  before: readonly Finding[] | undefined,
  after: readonly Finding[],
  current: ReadonlyMap<string, string>,
): FindingsChange {
  const key = ({ rule, urn, status }: Finding): string => `${rule} ${current.get(urn) ?? urn} ${status}`;
  const old = new Set((before ?? []).map(key));
  const now = new Set(after.map(key));
  return {
    introduced: after.filter((finding) => !old.has(key(finding))),
    remaining: after.filter((finding) => old.has(key(finding))),
    resolved: (before ?? []).filter((finding) => finding.status === "violated" && !now.has(key(finding))),
  };
}
