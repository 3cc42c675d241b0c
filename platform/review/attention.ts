import { statefulTypes } from "../../catalog/stateful-types";
import type { Finding } from "../../policies/evaluate";
import { dollars } from "../pricing/render";
import type { Destruction } from "./risk";
import { rulebookWarnings } from "./rulebook-section";
import type { Review, StackReview } from "./stack-review";
import { cell, clip, code } from "./text";

/** Longest text of one reason. */
const longest = 600;

/**
 * Why a person must look before this goes on, as lines of Markdown: a program, preview or base that fails, data that is lost or may
 * be, a serious rule newly broken, an exception that is widened. The command's exit code is 1 exactly when there is a reason.
 */
export function reasonsToLook(review: Review): string[] {
  const { stack } = review;
  if ("failure" in review) return [`**${stack} does not evaluate**: ${cell(clip(review.failure, longest))}`];
  const told = review.destructions.filter(
    ({ loses, blocked, retained }) => blocked || (loses !== undefined && !retained),
  );
  const blocked = new Set(told.filter((one) => one.blocked).map(({ step }) => step.urn));
  const errors = review.plan.diagnostics.filter(
    ({ severity, urn }) => severity === "error" && !(urn !== undefined && blocked.has(urn)),
  );
  return [
    ...(review.baseProblem === undefined
      ? []
      : [`**${stack}**: the base could not be compared with: ${cell(clip(review.baseProblem, longest))}`]),
    ...told.map((one) => destructionLine(stack, one)),
    ...mayBeLost(review),
    ...rulebookWarnings(review),
    ...errors.map(({ message }) => `**${stack}**: error: ${cell(clip(message, longest))}`),
    ...brokenRules(review),
  ];
}

/** True when a person must look before this goes on. */
export const needsAttention = (review: Review): boolean => reasonsToLook(review).length > 0;

function destructionLine(stack: string, { step, how, loses, blocked, retained }: Destruction): string {
  const because = step.replaceReasons.length > 0 ? ` because ${step.replaceReasons.map(code).join(", ")} changed` : "";
  const lost = retained ? "; the cloud keeps the old one" : loses === undefined ? "" : `; lost with it: ${cell(loses)}`;
  const guard = blocked ? " It is protected, so the update will stop there." : "";
  return `**${stack}**: ${code(step.name)} (${code(step.type)}) is **${how}**${because}${lost}.${guard}`;
}

/** What holds data and may be replaced: `catalog/replacement` does not know. */
function mayBeLost({ stack, plan }: StackReview): string[] {
  return plan.steps
    .filter(({ type, notes }) => (notes.mayReplace?.length ?? 0) > 0 && statefulTypes[type] !== undefined)
    .map(
      ({ name, type, notes }) =>
        `**${stack}**: ${code(name)} (${code(type)}) **may be replaced**: not known for ${notes.mayReplace!.map(code).join(", ")}; lost with it then: ${cell(statefulTypes[type]!)}.`,
    );
}

const isSerious = ({ status, severity }: Finding): boolean =>
  status === "violated" && (severity === "critical" || severity === "high");

function brokenRules({ stack, findings: { introduced }, baseProblem, bill }: StackReview): string[] {
  const serious = introduced.filter(isSerious);
  if (serious.length === 0) return [];
  const rules = [...new Set(serious.map(({ rule }) => rule))];
  const what = baseProblem === undefined ? "newly broken" : "broken";
  const over = serious.some(({ rule }) => rule === "BUDGET") ? ` (${dollars(bill.after.total.expected)} a month)` : "";
  return [
    `**${stack}**: ${rules.length === 1 ? "a serious rule is" : `${rules.length} serious rules are`} ${what}: ${rules.join(", ")}${over}.`,
  ];
}
