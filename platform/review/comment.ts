import { painter, printDetail } from "../plan/display";
import type { Step, StepOp } from "../plan/model";
import { hasChanges, shownSteps } from "../plan/show";
import { dollars } from "../pricing/render";
import { reasonsToLook } from "./attention";
import { costDetails, delta, levels, month } from "./comment-cost";
import { brokenTable, expiredTable, findingsTally, otherFindings } from "./comment-findings";
import { drawChanges } from "./mermaid";
import { type Destruction, isNewRevision } from "./risk";
import { rulebookSection } from "./rulebook-section";
import type { Review, StackReview } from "./stack-review";
import { cell, clip, code, details, fence, foldHashes, table, truncateMiddle } from "./text";

/** GitHub refuses comments of 65,536 characters; some room is left for what a workflow adds. */
export const longestComment = 64_000;

/** First line of the comment, by which the next run finds and replaces it. */
export const commentMarker = (project: string): string => `<!-- platform-review: ${project} -->`;

/**
 * The pull-request comment in Markdown: what is lost first, then a table of the stacks, then each stack with its detail folded.
 * @param base What it is compared with, in words.
 * @param note What a reader must know of that: a branch that is behind, say.
 */
export function renderComment(project: string, base: string, reviews: readonly Review[], note?: string): string {
  const more = note === undefined ? "" : ` ${cell(note)}`;
  const head = [commentMarker(project), "## Infrastructure review", "", `Compared with ${code(base)}.${more}`, ""];
  if (reviews.every(isQuiet)) {
    const quiet = `No change against ${code(base)}: ${reviews.map(quietLine).join("; ")}.${more}`;
    return [...head.slice(0, 2), "", quiet, ""].join("\n");
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

/** True when the month comes to another sum at any level, be it for other assumptions alone. */
const costChanges = ({ bill: { before, after } }: StackReview): boolean =>
  levels.some((level) => delta(before?.total[level], after.total[level]) !== "");

/** Most reasons that the top lists; the rest is in the stacks' own sections. */
const mostReasons = 20;

/** Why the command ends with 1: one line a reason, before all else. */
function warnings(reviews: readonly Review[]): string[] {
  const lines = reviews.flatMap(reasonsToLook).map((line) => `> ${line}`);
  if (lines.length === 0) return [];
  const more = lines.length > mostReasons ? [`> and ${lines.length - mostReasons} more, below.`] : [];
  const shown = [...lines.slice(0, mostReasons), ...more];
  return [
    "> [!CAUTION]",
    "> A person must look at this (exit code 1):",
    ">",
    ...shown.flatMap((line) => [line, ">"]).slice(0, -1),
    "",
  ];
}

/** Errors and warnings, but for refusals that the table of destructions tells. */
function problems({ plan, destructions }: StackReview) {
  const blocked = new Set(destructions.filter((one) => one.blocked).map(({ step }) => step.urn));
  return plan.diagnostics.filter(
    ({ severity, urn }) => (severity === "error" || severity === "warning") && !(urn !== undefined && blocked.has(urn)),
  );
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
      `${bold(count("replace", "import-replacement") - revisions(review).length)}${revisionsTally(review)}`,
      bold(count("delete")),
      before === undefined ? "?" : month(before),
      month(after, before),
      findingsTally(review),
    ].join(" | ")} |`;
  });
  return [
    "| Stack | Create | Update | Replace | Delete | Month before, min to max | Month after, min to max | Rules |",
    "|---|--:|--:|--:|--:|--:|--:|---|",
    ...rows,
  ];
}

const revisions = ({ plan }: StackReview): Step[] => plan.steps.filter(isNewRevision);

function revisionsTally(review: StackReview): string {
  const { length } = revisions(review);
  return length === 0 ? "" : ` and ${length} revision${length === 1 ? "" : "s"}`;
}

const bold = (count: number): string => (count === 0 ? "0" : `**${count}**`);

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
    ...revisionLine(review),
    ...notKnownLine(review),
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

/** Names that one line lists. */
const namedInLine = 3;

function named(steps: readonly Step[], text: (step: Step) => string): string {
  const more = steps.length > namedInLine ? [`${steps.length - namedInLine} more`] : [];
  return [...steps.slice(0, namedInLine).map(text), ...more].join(", ");
}

function revisionLine(review: StackReview): string[] {
  const steps = revisions(review);
  if (steps.length === 0) return [];
  const what = steps.length === 1 ? "One task definition gets" : `${steps.length} task definitions get`;
  return [`${what} a new revision; nothing is lost: ${named(steps, ({ name }) => code(name))}.`];
}

/** What `catalog/replacement` does not know is never shown as an update in place. */
function notKnownLine({ plan }: StackReview): string[] {
  const steps = plan.steps.filter(({ notes }) => (notes.mayReplace?.length ?? 0) > 0);
  if (steps.length === 0) return [];
  const each = named(steps, ({ name, notes }) => `${code(name)} (${notes.mayReplace!.map(code).join(", ")})`);
  return [`**May replace, not known**: ${each}.`];
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
