import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes } from "../../../runtime/main";
import { readProject } from "../../engine/project";
import { needsAttention, reasonsToLook } from "../../review/attention";
import { readCliPlan } from "../../review/cli-plan";
import { renderComment } from "../../review/comment";
import { mergeBase } from "../../review/merge-base";
import { reviewStack } from "../../review/review-stack";
import { type Review, reviewPlan } from "../../review/stack-review";
import { readText, writeText } from "../files";
import { evaluationOptions } from "../options";
import { withProgress } from "../progress";
import { findProject } from "../project";

interface ReviewFlags {
  readonly base: string;
  readonly stack: string[];
  readonly from?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly cwd: string;
  readonly timeout: number;
}

const examples = `
Exit code 1 asks for a person: data would be lost, a serious rule is newly broken, an exception is widened, or a
stack does not evaluate. The base's rules, exceptions, prices and tables judge; what a change of them would alter is told.

Examples:
  platform review --base origin/main
  platform review --base origin/main --stack dev --stack prod --out comment.md
  pulumi preview --stack prod --json --show-sames > preview.json; platform review --from preview.json
`;

/** `platform review`: the pull-request comment. */
export function registerReview(program: Command): void {
  const command = program
    .command("review")
    .description("Writes the pull-request comment: what is lost, what changes, what it costs, which rules break.")
    .option("--base <ref>", "git ref whose merge base with HEAD to compare with", "origin/main")
    .option("-s, --stack <name>", "stack to review; may be given again", (name, all: string[]) => [...all, name], [])
    .option("--from <file>", "review what `pulumi preview --json` printed instead of evaluating the program")
    .option("--out <file>", "write the comment here instead of printing it")
    .option("--json", "the reviews as JSON");
  for (const option of evaluationOptions().filter(({ long }) => long !== "--stack")) command.addOption(option);
  command.addHelpText("after", examples).action(async (flags: ReviewFlags) => {
    process.exitCode = await review(flags);
  });
}

async function review(flags: ReviewFlags): Promise<number> {
  const today = new Date().toISOString().slice(0, 10);
  const { project, base, note, reviews } =
    flags.from === undefined ? await reviewProject(flags, today) : reviewFile(flags.from, today);
  const text = flags.json
    ? `${JSON.stringify(reviews.map(summary), undefined, 2)}\n`
    : renderComment(project, base, reviews, note);
  if (flags.out === undefined) process.stdout.write(text);
  else writeText(flags.out, "--out", text);
  return reviews.some(needsAttention) ? exitCodes.findings : exitCodes.fine;
}

interface Reviewed {
  readonly project: string;
  readonly base: string;
  readonly note?: string;
  readonly reviews: readonly Review[];
}

async function reviewProject(flags: ReviewFlags, today: string): Promise<Reviewed> {
  const projectDir = findProject(resolve(flags.cwd));
  const stacks = flags.stack.length > 0 ? flags.stack : ["prod"];
  const { commit, note } = await mergeBase(projectDir, flags.base);
  const reviews: Review[] = [];
  for (const stack of stacks) {
    const options = { projectDir, stack, timeoutMs: flags.timeout * 1000 };
    reviews.push(await withProgress(`reviewing ${stack}`, () => reviewStack(commit, options, today)));
  }
  return { project: readProject(projectDir).name, base: flags.base, note, reviews };
}

function reviewFile(file: string, today: string): Reviewed {
  const { plan, incomplete } = readCliPlan(readText(file, "--from"), file);
  return { project: plan.project, base: plan.baseline!, reviews: [reviewPlan(plan, { today, incomplete })] };
}

/** A review without the resources themselves, for machines. */
function summary(review: Review) {
  if ("failure" in review) return review;
  const { stack, plan, destructions, findings, bill, baseProblem, incomplete, judgement } = review;
  return {
    stack,
    baseProblem,
    incomplete,
    judgement,
    diagnostics: plan.diagnostics,
    changeSummary: plan.changeSummary,
    destructions: destructions.map(({ step, how, loses, blocked, retained }) => ({
      urn: step.urn,
      how,
      loses,
      blocked,
      retained,
      replaceReasons: step.replaceReasons,
    })),
    findings,
    monthlyUsd: { before: bill.before?.total, after: bill.after.total },
    unpriced: bill.after.unpriced,
    needsAttention: needsAttention(review),
    reasons: reasonsToLook(review),
  };
}
