import type { Finding } from "../../policies/evaluate";
import type { Exception } from "../../policies/exceptions";
import { dollars } from "../pricing/render";
import { alike, resourceNames } from "./comment-findings";
import type { PricedTwice, RulebookChange } from "./rulebook";
import type { StackReview } from "./stack-review";
import { cell, code, truncateMiddle } from "./text";

/** The section that says by whose rules a stack is judged, and what the pull request's own would alter; nothing where both agree. */
export function rulebookSection({ judgement }: StackReview, room: number): string[] {
  if (judgement === undefined) return [];
  if (judgement.by === "head") return [`**Rules**: ${cell(judgement.note)}`];
  const head =
    `**This change alters the rules that judge it.** ${cell(judgement.name)} judges above; ` +
    "merged, this change would alter:";
  return [`${head}\n\n${truncateMiddle(lines(judgement.change).join("\n"), Math.max(0, room - head.length - 2))}`];
}

/** The reason of an exit code of 1 that the rulebook alone gives, for the first lines of the comment. */
export function rulebookWarnings({ stack, judgement }: StackReview): string[] {
  if (judgement === undefined) return [];
  if (judgement.by === "head") return judgement.mayPass ? [] : [`**${stack}**: ${cell(judgement.note)}`];
  const { widened } = judgement.change;
  return widened.length === 0
    ? []
    : [
        `**${stack}**: this change widens ${widened.length === 1 ? "an exception" : `${widened.length} exceptions`}: ${widened.map(({ rule }) => rule).join(", ")}`,
      ];
}

function lines(change: RulebookChange): string[] {
  return [
    ...change.removed.map(({ id, title }) => `- rule ${id} is **removed**: ${cell(title)}`),
    ...change.regraded.map(({ id, severity }) => `- rule ${id} becomes ${severity}`),
    ...change.added.map(({ id, title }) => `- rule ${id} is new: ${cell(title)}`),
    ...change.widened.map((one) => `- an exception is **widened**: ${exceptionLine(one)}`),
    ...change.narrowed.map((one) => `- an exception is narrowed: ${exceptionLine(one)}`),
    ...alike(change.onlyBase).map((one) => `- no longer found: ${findingLine(one)}`),
    ...alike(change.onlyHead).map((one) => `- found then: ${findingLine(one)}`),
    ...monthLine("before", change.monthBefore),
    ...monthLine("after", change.monthAfter),
    ...change.steps.map(({ name, byBase, byHead }) => `- ${code(name)}: ${byBase} would be shown as ${byHead}`),
  ];
}

const exceptionLine = ({ rule, stacks, resources, reason, expires }: Exception): string =>
  cell(`${rule} for ${resources.join(", ")} in ${stacks.join(", ")} until ${expires}: ${reason}`);

function findingLine(same: readonly Finding[]): string {
  const { rule, status, message } = same[0]!;
  return `${rule} of ${resourceNames(same)} (${status}): ${cell(message)}`;
}

const monthLine = (side: string, month: PricedTwice | undefined): string[] =>
  month === undefined
    ? []
    : [
        `- the month ${side}: ${dollars(month.byBase)} by the base's prices and tables, ${dollars(month.byHead)} by this change's`,
      ];
