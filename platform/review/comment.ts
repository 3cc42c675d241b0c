import type { Finding } from "../../policies/evaluate";
import { painter, printDetail } from "../plan/display";
import type { Step, StepOp } from "../plan/model";
import { hasChanges, shownSteps } from "../plan/show";
import { dollars } from "../pricing/render";
import { drawChanges } from "./mermaid";
import type { Destruction } from "./risk";
import { rulebookSection, rulebookWarnings } from "./rulebook-section";
import type { Review, StackReview } from "./stack-review";
import { cell, clip, code, details, fence, foldHashes, truncateMiddle } from "./text";

/** GitHub refuses comments of 65,536 characters; some room is left for what a workflow adds. */
export const longestComment = 64_000;

/** First line of the comment, by which the next run finds and replaces it. */
export const commentMarker = (project: string): string => `<!-- platform-review: ${project} -->`;

/**
 * The pull-request comment in Markdown: what is lost first, then a table of the stacks, then each stack with its detail folded.
 * @param base What it is compared with, in words.
 */
export function renderComment(project: string, base: string, reviews: readonly Review[]): string {
  const head = [commentMarker(project), "## Infrastructure review", "", `Compared with ${code(base)}.`, ""];
  if (reviews.every(isQuiet)) {
    return [...head.slice(0, 2), "", `No change against ${code(base)}: ${reviews.map(quietLine).join("; ")}.`, ""].join(
      "\n",
    );
  }
  const top = [...head, ...warnings(reviews), ...summaryTable(reviews), ""].join("\n");
  return `${[top, ...stackSections(reviews, longestComment - top.length - 1)].join("\n")}\n`;
}

/** Sections within a number of characters: one that needs less than its share leaves the rest to the others. */
function stackSections(reviews: readonly Review[], room: number): string[] {
  const sections = new Map<Review, string>();
  let left = room - reviews.length;
  const bySize = reviews
    .map((review) => [review, stackSection(review, room)] as const)
    .sort(([, a], [, b]) => a.length - b.length);
  for (const [index, [review, whole]] of bySize.entries()) {
    const share = Math.floor(left / (bySize.length - index));
    const section = whole.length <= share ? whole : stackSection(review, share);
    sections.set(review, section);
    left -= section.length;
  }
  return reviews.map((review) => sections.get(review)!);
}

/** Nothing to say: no step, no new finding, no failure. */
function isQuiet(review: Review): review is StackReview {
  return (
    !("failure" in review) &&
    review.baseProblem === undefined &&
    review.judgement === undefined &&
    problems(review).length === 0 &&
    changes(review).length === 0 &&
    !costChanges(review) &&
    review.findings.introduced.length === 0 &&
    review.findings.resolved.length === 0
  );
}

const quietLine = (review: Review): string =>
  "failure" in review ? "" : `${review.stack} stays at ${dollars(review.bill.after.total.expected)} a month`;

/** Changes of the cloud: what is only read, and the stack itself, are none. */
const changes = ({ plan }: StackReview): Step[] => plan.steps.filter((step) => hasChanges([step]));

/** True when the month comes to another sum, be it for other assumptions alone. */
const costChanges = ({ bill: { before, after } }: StackReview): boolean =>
  delta(before?.total.expected, after.total.expected) !== "";

/** Longest text of one thing at the top, and the most things; the rest is in the stack's own section. */
const top = { characters: 600, lines: 20 };

function warnings(reviews: readonly Review[]): string[] {
  const lines = reviews.flatMap((review) => {
    const { stack } = review;
    if ("failure" in review) return [`> **${stack} does not evaluate**: ${cell(clip(review.failure, top.characters))}`];
    return [
      ...review.destructions
        .filter(({ loses }) => loses !== undefined)
        .map((one) => `> ${destructionLine(stack, one)}`),
      ...rulebookWarnings(review).map((line) => `> ${line}`),
      ...problems(review)
        .filter(({ severity }) => severity === "error")
        .map(({ message }) => `> **${stack}**: error: ${cell(clip(message, top.characters))}`),
    ];
  });
  if (lines.length === 0) return [];
  const more = lines.length > top.lines ? [`> and ${lines.length - top.lines} more, below.`] : [];
  const shown = [...lines.slice(0, top.lines), ...more];
  return ["> [!CAUTION]", ...shown.flatMap((line) => [line, ">"]).slice(0, -1), ""];
}

/** Errors and warnings, but for refusals that the table of destructions tells. */
function problems({ plan, destructions }: StackReview) {
  const blocked = new Set(destructions.filter((one) => one.blocked).map(({ step }) => step.urn));
  return plan.diagnostics.filter(
    ({ severity, urn }) => (severity === "error" || severity === "warning") && !(urn !== undefined && blocked.has(urn)),
  );
}

function destructionLine(stack: string, { step, how, loses, blocked, retained }: Destruction): string {
  const because = step.replaceReasons.length > 0 ? ` because ${step.replaceReasons.map(code).join(", ")} changed` : "";
  const lost = retained ? `the cloud keeps the old one` : `lost with it: ${loses}`;
  const guard = blocked ? " It is protected, so the update will stop there." : "";
  return `**${stack}**: ${code(step.name)} (${code(step.type)}) is **${how}**${because}; ${lost}.${guard}`;
}

function summaryTable(reviews: readonly Review[]): string[] {
  const rows = reviews.map((review) => {
    if ("failure" in review) return `| ${review.stack} | - | - | - | - | - | - | does not evaluate |`;
    const count = (...ops: StepOp[]): number => changes(review).filter(({ op }) => ops.includes(op)).length;
    const { before, after } = review.bill;
    return `| ${[
      review.stack,
      count("create", "import"),
      count("update"),
      bold(count("replace", "import-replacement")),
      bold(count("delete")),
      before === undefined ? "?" : dollars(before.total.expected),
      `${dollars(after.total.expected)}${delta(before?.total.expected, after.total.expected)}`,
      findingsTally(review),
    ].join(" | ")} |`;
  });
  return [
    "| Stack | Create | Update | Replace | Delete | Month before | Month after | Rules |",
    "|---|--:|--:|--:|--:|--:|--:|---|",
    ...rows,
  ];
}

const bold = (count: number): string => (count === 0 ? "0" : `**${count}**`);

function delta(before: number | undefined, after: number): string {
  if (before === undefined || Math.abs(after - before) < 0.005) return "";
  return ` (${after > before ? "+" : "-"}${dollars(Math.abs(after - before))})`;
}

function findingsTally({ findings, baseProblem }: StackReview): string {
  const broken = findings.introduced.filter(({ status }) => status === "violated").length;
  const parts = [
    ...(broken > 0 ? [`**${broken} ${baseProblem === undefined ? "newly broken" : "broken"}**`] : []),
    ...(findings.resolved.length > 0 ? [`${findings.resolved.length} mended`] : []),
    ...(findings.remaining.length > 0 ? [`${findings.remaining.length} as before`] : []),
  ];
  return parts.length === 0 ? "none broken" : parts.join(", ");
}

/** Shares of a section that its parts may take before the list of changes gets what is left. */
const shares = {
  destructions: 0.2,
  findings: 0.2,
  expired: 0.05,
  messages: 0.05,
  rulebook: 0.1,
  picture: 0.2,
  cost: 0.1,
  others: 0.1,
};

function stackSection(review: Review, room: number): string {
  const part = (name: keyof typeof shares): number => Math.floor(room * shares[name]);
  if ("failure" in review) {
    const text = clip(review.failure, Math.max(0, room - 200));
    return `### ${review.stack}\n\nThe program does not evaluate:\n\n${fence("text", text)}\n`;
  }
  const parts = [
    `### ${review.stack}`,
    ...(review.baseProblem === undefined
      ? []
      : [`The base could not be compared with: ${cell(clip(review.baseProblem, 1_000))}`]),
    ...(review.incomplete === undefined
      ? []
      : [`The plan is not whole, so cost and rules speak of what it shows alone: ${cell(review.incomplete)}.`]),
    ...destructionTable(review.destructions, part("destructions")),
    ...brokenTable(review, part("findings")),
    ...expiredTable(review, part("expired")),
    ...messageList(review, part("messages")),
    ...rulebookSection(review, part("rulebook")),
    ...picture(review, part("picture")),
    costDetails(review, part("cost")),
    ...otherFindings(review, part("others")),
  ];
  const head = parts.join("\n\n");
  return `${[head, changeDetails(review, room - head.length - 200)].join("\n\n")}\n`;
}

function picture({ plan }: StackReview, room: number): string[] {
  const drawn = drawChanges(plan);
  if (drawn === undefined) return [];
  if (drawn.length > room) return [`The picture of what changes is left out: it has ${drawn.length} characters.`];
  return [details("Picture of what changes", fence("mermaid", drawn))];
}

function messageList(review: StackReview, room: number): string[] {
  const lines = problems(review).map(({ severity, message }) => `- ${severity}: ${cell(clip(message, 1_000))}`);
  return lines.length === 0 ? [] : [truncateMiddle(lines.join("\n"), room)];
}

function destructionTable(all: readonly Destruction[], room: number): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ step, how, loses }) => {
    const why =
      step.replaceReasons.map(code).join(", ") ||
      (step.notes.replacedBecauseOf === undefined ? "" : "what it depends on is replaced");
    return `| ${code(step.name)} | ${code(step.type)} | **${how}** | ${why} | ${cell(loses ?? "nothing that cannot be made again")} |`;
  });
  return [table(["| Deleted or replaced | Type | | Because of | Lost with it |", "|---|---|---|---|---|"], rows, room)];
}

/** Names of resources that one row lists. */
const namedInRow = 3;

/** One row for each finding, or for all that say the same of other resources. */
function findingRow(same: readonly Finding[]): string {
  const { rule, severity, title, message, remediation, status, exception } = same[0]!;
  const names = same.slice(0, namedInRow).map(({ urn }) => code(urn.split("::").at(-1) ?? urn));
  const more = same.length > namedInRow ? [`${same.length - namedInRow} more`] : [];
  const toDo =
    status === "excepted"
      ? `Excepted. ${exception}`
      : status === "unknown"
        ? "Not decided before the deployment."
        : remediation;
  return `| ${rule} | ${severity} | ${[...names, ...more].join(", ")} | ${cell(`${title}: ${message}`)} | ${cell(toDo)} |`;
}

function alike(all: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of all) {
    const key = `${finding.rule} ${finding.status} ${finding.message} ${finding.exception}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

/** A table whose head stays when its rows are cut. */
function table(head: readonly string[], rows: readonly string[], room: number): string {
  const top = head.join("\n");
  return `${top}\n${truncateMiddle(rows.join("\n"), Math.max(0, room - top.length - 1))}`;
}

function findings(all: readonly Finding[], room: number): string {
  const head = ["| Rule | Severity | Resource | What | To do |", "|---|---|---|---|---|"];
  return table(head, alike(all).map(findingRow), room);
}

function brokenTable({ findings: { introduced }, baseProblem }: StackReview, room: number): string[] {
  const broken = introduced.filter(({ status }) => status === "violated");
  const title = baseProblem === undefined ? "Rules that this change breaks" : "Rules that are broken";
  return broken.length === 0 ? [] : [`**${title}**\n\n${findings(broken, room)}`];
}

/** Exceptions that ran out belong to no change, so nobody would look for them under one. */
function expiredTable({ findings: { remaining } }: StackReview, room: number): string[] {
  const expired = remaining.filter((finding) => finding.expired === true);
  return expired.length === 0 ? [] : [`**Exceptions that have run out**\n\n${findings(expired, room)}`];
}

function otherFindings({ findings: { introduced, remaining } }: StackReview, room: number): string[] {
  const before = remaining.filter((finding) => finding.expired !== true);
  const others = [...introduced.filter(({ status }) => status !== "violated"), ...before];
  if (others.length === 0) return [];
  const title = `${others.length} other finding${others.length === 1 ? "" : "s"}: excepted, undecided, or there before`;
  return [details(title, findings(others, room))];
}

function costDetails({ bill: { before, after }, incomplete }: StackReview, room: number): string {
  const old = new Map(before?.components.map(({ component, usd }) => [component, usd.expected]));
  const now = new Map(after.components.map(({ component, usd }) => [component, usd.expected]));
  const all = [...new Set([...now.keys(), ...old.keys()])].map(
    (name) => [cell(name), before && (old.get(name) ?? 0), now.get(name) ?? 0] as const,
  );
  const unchanged = all.filter(([, was, is]) => was !== undefined && delta(was, is) === "");
  const sum = unchanged.reduce((total, [, , is]) => total + is, 0);
  const rows = [
    ...all.filter((row) => !unchanged.includes(row)),
    ...(unchanged.length > 0 ? [[`${unchanged.length} unchanged`, sum, sum] as const] : []),
  ].map(
    ([name, was, is]) => `| ${name} | ${was === undefined ? "?" : dollars(was)} | ${dollars(is)}${delta(was, is)} |`,
  );
  const range = `${dollars(after.total.minimum)} to ${dollars(after.total.maximum)}`;
  const unpriced = after.unpriced.map(({ type, name, reason }) => `- ${code(name)} (${code(type)}): ${cell(reason)}`);
  const bill = table(["| Component | Before | After |", "|---|--:|--:|"], rows, Math.ceil(room / 2));
  const missing =
    unpriced.length === 0
      ? ""
      : `\n\nNot priced, so not in the total:\n\n${truncateMiddle(unpriced.join("\n"), Math.ceil(room / 2))}`;
  const notes = after.notes.map((note) => `\n\n${cell(note)}`).join("");
  const what = incomplete === undefined ? "Cost" : "Cost of what the plan shows";
  return details(
    `${what}: ${dollars(after.total.expected)} expected, ${range} between smallest and largest`,
    bill + missing + notes,
  );
}

function changeDetails(review: StackReview, room: number): string {
  const count = changes(review).length;
  if (count === 0) return "No resource changes.";
  if (room < 300)
    return "The list of changes is left out: there is no room for it. `platform preview --diff` shows it.";
  const text = foldHashes(printDetail(review.plan, shownSteps(review.plan), { paint: painter(false), truncate: true }));
  const title = count === 1 ? "The change" : `All ${count} changes`;
  return details(title, fence("diff", truncateMiddle(diffMarks(text), room)));
}

/** Puts the operation's sign first on its line, where GitHub's diff colours look for it. */
function diffMarks(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const sign = /^ *(\+-|[+\-~] )/.exec(line)?.[1];
      if (sign === undefined) return ` ${line}`;
      return `${sign === "~ " || sign === "+-" ? "!" : sign[0]}${line}`;
    })
    .join("\n");
}
