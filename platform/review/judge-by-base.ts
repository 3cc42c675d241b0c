import { spawn } from "node:child_process";
import { cpSync, existsSync, realpathSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { deserialize, serialize } from "node:v8";
import { provideModules } from "../plan/baseline/modules";
import { git, withWorktree } from "../plan/baseline/worktree";
import { type Evidence, judge, reason } from "./judge";
import { type Answer, altersNothing, answerVersion, compareAnswers, ownRulebook } from "./rulebook";
import type { Judgement, StackReview } from "./stack-review";

/** Folders that a verdict follows from: rules and exceptions, prices and tables, and the code that reads them. */
const lawFolders = [
  "policies",
  "catalog",
  ...["engine", "plan", "pricing", "review"].map((name) => `platform/${name}`),
];

const judgeFile = join("platform", "review", "judge-main.cjs");

export interface BaseJudgeOptions {
  readonly projectDir: string;
  /** The git ref whose rules count. */
  readonly ref: string;
  /** Milliseconds that the base's judge may run. */
  readonly timeoutMs: number;
}

/**
 * Judges the evidence by the base's rules, exceptions, prices and tables, in a process of the base's own checkout, and says what
 * those of this checkout would alter. Where both are the same, or the rules are no part of the project, this checkout judges.
 */
export async function judgeByBase(evidence: Evidence, options: BaseJudgeOptions): Promise<StackReview> {
  const own = judge(evidence);
  const { projectDir, ref } = options;
  if ("problem" in evidence.before || !isOwnProject(projectDir)) return own;
  const commit = await git(projectDir, "rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`);
  if (!(await lawDiffers(projectDir, commit))) return own;
  const name = evidence.before.name;
  try {
    const base = await askBase(evidence, commit, options);
    if (base === undefined) {
      return {
        ...own,
        judgement: { by: "head", note: `${name} cannot judge yet: this change's own rules do.`, mayPass: true },
      };
    }
    if (base.version !== answerVersion) {
      throw new Error(`its answer has version ${base.version}, this checkout reads ${answerVersion}`);
    }
    const change = compareAnswers(base, { version: answerVersion, review: own, rulebook: ownRulebook() });
    const judgement: Judgement | undefined = altersNothing(change) ? undefined : { by: "base", name, change };
    return { ...base.review, ...(judgement && { judgement }) };
  } catch (error) {
    const note = `the rules of ${name} could not judge, this change's own do: ${reason(error).trim().split("\n")[0]}`;
    return { ...own, judgement: { by: "head", note, mayPass: false } };
  }
}

/** True when this tool is a part of the project that it reviews; else no pull request of the project changes its rules. */
const isOwnProject = (projectDir: string): boolean =>
  realpathSync(projectDir) === realpathSync(resolve(__dirname, "..", ".."));

/** True when the working tree judges by other files than the commit. */
async function lawDiffers(projectDir: string, commit: string): Promise<boolean> {
  const [changed, untracked] = await Promise.all([
    git(projectDir, "diff", "--name-only", "--relative", commit, "--", ...lawFolders),
    git(projectDir, "ls-files", "--others", "--exclude-standard", "--", ...lawFolders),
  ]);
  return `${changed}\n${untracked}`
    .split("\n")
    .some((file) => file !== "" && !/\.(test|browser)\.ts$|\.md$/.test(file));
}

/** The base's answer; undefined for a base that is older than its judge. */
async function askBase(evidence: Evidence, commit: string, options: BaseJudgeOptions): Promise<Answer | undefined> {
  const { projectDir, ref, timeoutMs } = options;
  const repository = await git(projectDir, "rev-parse", "--show-toplevel");
  const below = await git(projectDir, "rev-parse", "--show-prefix");
  const cache = join(projectDir, ".platform");
  return withWorktree(repository, join(cache, "worktrees"), commit, async (tree) => {
    const folder = join(tree, below);
    if (!existsSync(join(folder, judgeFile))) return undefined;
    await provideModules(projectDir, folder, join(cache, "modules"), ref);
    // Contracts are what the program and its parts agree on, not what they are judged by: a metric that this change adds is published.
    rmSync(join(folder, "contracts"), { recursive: true });
    cpSync(join(projectDir, "contracts"), join(folder, "contracts"), { recursive: true });
    return deserialize(await runJudge(folder, serialize(evidence), timeoutMs)) as Answer;
  });
}

/** Runs a checkout's judge. @throws what it wrote to its standard error. */
async function runJudge(folder: string, evidence: Buffer, timeoutMs: number): Promise<Buffer> {
  const child = spawn(process.execPath, [judgeFile], {
    cwd: folder,
    stdio: ["pipe", "ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<string>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) =>
      done(signal === null ? `it ended with ${code}` : `no answer in ${timeoutMs / 1000} s`),
    );
  });
  // A judge that ends early says why on its standard error; the broken pipe says nothing more.
  child.stdin!.on("error", () => undefined);
  child.stdin!.end(evidence);
  const [answer, told, end] = await Promise.all([read(child.stdio[3] as Readable), read(child.stderr!), ended]);
  if (answer.length > 0) return answer;
  throw new Error(errorLine(told.toString()) ?? end);
}

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The line of an uncaught error's report that names it. */
const errorLine = (report: string): string | undefined => /^\w*Error.*$/m.exec(report)?.[0];
