import type { Finding } from "../../policies/evaluate";
import type { StackReview } from "./stack-review";
import { cell, code, details, table } from "./text";

const statuses = [
  ["violated", "broken"],
  ["unknown", "undecided"],
  ["excepted", "excepted"],
] as const;

/** How many of each: what is broken, waits for the deployment, or is excepted with a reason. */
function byStatus(all: readonly Finding[], text: (count: number, word: string) => string): string[] {
  return statuses.flatMap(([status, word]) => {
    const count = all.filter((finding) => finding.status === status).length;
    return count === 0 ? [] : [text(count, word)];
  });
}

/** The findings of a stack in one cell. */
export function findingsTally({ findings, baseProblem }: StackReview): string {
  const newly = baseProblem === undefined ? "newly " : "";
  const before = byStatus(findings.remaining, (count, word) => `${count} ${word}`);
  const parts = [
    ...byStatus(findings.introduced, (count, word) =>
      word === "broken" ? `**${count} ${newly}${word}**` : `${count} ${newly}${word}`,
    ),
    ...(findings.resolved.length > 0 ? [`${findings.resolved.length} mended`] : []),
    ...(before.length > 0 ? [`as before: ${before.join(", ")}`] : []),
  ];
  return parts.length === 0 ? "none broken" : parts.join("; ");
}

/** Names of resources that one row lists. */
const namedInRow = 3;

/** The resources of some findings: the first by name, the others by number. */
export function resourceNames(same: readonly Finding[]): string {
  const names = same.slice(0, namedInRow).map(({ urn }) => code(urn.split("::").at(-1) ?? urn));
  const more = same.length > namedInRow ? [`${same.length - namedInRow} more`] : [];
  return [...names, ...more].join(", ");
}

/** One row for each finding, or for all that say the same of other resources. */
function findingRow(same: readonly Finding[]): string {
  const { rule, severity, title, message, remediation, status, exception } = same[0]!;
  const toDo =
    status === "excepted"
      ? `Excepted. ${exception}`
      : status === "unknown"
        ? "Not decided before the deployment."
        : remediation;
  return `| ${rule} | ${severity} | ${resourceNames(same)} | ${cell(`${title}: ${message}`)} | ${cell(toDo)} |`;
}

/** Findings that say the same of different resources, together. */
export function alike(all: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of all) {
    const key = `${finding.rule} ${finding.status} ${finding.message} ${finding.exception}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

function findings(all: readonly Finding[], room: number): string {
  const head = ["| Rule | Severity | Resource | What | To do |", "|---|---|---|---|---|"];
  return table(head, alike(all).map(findingRow), room);
}

export function brokenTable({ findings: { introduced }, baseProblem }: StackReview, room: number): string[] {
  const broken = introduced.filter(({ status }) => status === "violated");
  const title = baseProblem === undefined ? "Rules that this change breaks" : "Rules that are broken";
  return broken.length === 0 ? [] : [`**${title}**\n\n${findings(broken, room)}`];
}

/** Exceptions that ran out belong to no change, so nobody would look for them under one. */
export function expiredTable({ findings: { remaining } }: StackReview, room: number): string[] {
  const expired = remaining.filter((finding) => finding.expired === true);
  return expired.length === 0 ? [] : [`**Exceptions that have run out**\n\n${findings(expired, room)}`];
}

export function otherFindings({ findings: { introduced, remaining } }: StackReview, room: number): string[] {
  const before = remaining.filter((finding) => finding.expired !== true);
  const others = [...introduced.filter(({ status }) => status !== "violated"), ...before];
  if (others.length === 0) return [];
  const title = `${others.length} other finding${others.length === 1 ? "" : "s"}: excepted, undecided, or there before`;
  return [details(title, findings(others, room))];
}
