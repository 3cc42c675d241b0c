import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { InputError } from "../../../contracts/input-error";
import { ephemeralName } from "../../../contracts/stack-names";
import { decimalNumber } from "../../../runtime/command-line";
import { exitCodes } from "../../../runtime/main";
import type { Context } from "../../ephemeral/context";
import { checkTtl, parseTtl, type Ttl } from "../../ephemeral/lifetime";
import { checkName, nameOfBranch } from "../../ephemeral/names";
import { ownerOf } from "../../ephemeral/owner";
import { type EphemeralSettings, readSettings, settingsFile } from "../../ephemeral/settings";
import { withProgress } from "../progress";
import { findProject } from "../project";

interface Flags {
  readonly cwd: string;
  readonly json?: boolean;
  readonly owner?: string;
}

interface UpFlags extends Flags {
  readonly ttl?: string;
  readonly preview?: boolean;
  readonly breakLock?: boolean;
  readonly timeout: number;
}

const cwdOption = (): Option =>
  new Option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it").default(".", "the current folder");
const jsonOption = (): Option => new Option("--json", "print the result as JSON");
const ownerOption = (): Option =>
  new Option(
    "--owner <who>",
    "whose stack it is (default: the workflow's pull request or repository, else git's user.email)",
  );
const lockOption = (): Option =>
  new Option("--break-lock", "take the lock of another machine away, once its update is sure to have ended");

/** `platform ephemeral`: short-lived stacks with a time to live. */
export function registerEphemeral(program: Command): void {
  const group = program
    .command("ephemeral")
    .description(
      "Short-lived stacks in the cloud: each has a name, an owner and a time to live, and leaves nothing behind.",
    );

  const up = group
    .command("up <name>")
    .description("Brings a stack up, or updates it; its life is then counted from now and never becomes shorter.")
    .option("--ttl <time>", "how long it lives, such as 45m, 8h or 7d12h (default: ttl.default of ephemeral.yaml)")
    .option("--preview", "only show the plan and what its whole life costs; asks no cloud")
    .addOption(
      new Option("--timeout <seconds>", "how long the offline preview may run")
        .default(60)
        .argParser(decimalNumber("--timeout", 0.1, 86_400, "seconds")),
    );
  const list = group
    .command("list")
    .description("Shows the ephemeral stacks of the state backend and what is left of their lives.");
  const extend = group
    .command("extend <name>")
    .description("Lets a stack live on, counted from now.")
    .requiredOption("--ttl <time>", "how long it lives, such as 45m, 8h or 7d12h");
  const down = group.command("down <name>").description("Removes a stack and everything that carries its tags.");
  const reap = group
    .command("reap")
    .description("Removes every stack whose time has come, and what expired stacks have left behind.")
    .option("--yes", "remove them; without it nothing is changed");
  const name = group.command("name <branch>").description("Prints the name of a branch's stack.");

  for (const command of [up, list, extend, down, reap, name]) command.addOption(cwdOption()).addOption(jsonOption());
  for (const command of [up, extend, down]) command.addOption(ownerOption());
  for (const command of [up, down]) command.addOption(lockOption());
  group.addHelpText("after", examples);
  up.addHelpText("after", examples);

  up.action(async (given: string, flags: UpFlags) => {
    process.exitCode = await runUp(checkName(given), flags);
  });
  list.action(async (flags: Flags) => {
    const { listText } = load();
    const { context } = await connect(flags, false);
    const stacks = (await context.backend.list()).filter((stack) => ephemeralName.test(stack.name));
    print(flags, stacks, () => listText(stacks, context.now()));
  });
  extend.action(async (given: string, flags: UpFlags) => {
    const { extend: run } = load();
    const { settings, projectDir } = project(flags);
    const request = {
      name: checkName(given),
      owner: ownerOf(flags.owner, projectDir),
      ttl: ttlOf(flags.ttl, settings),
    };
    const { context, checked } = await connect(flags);
    await checked();
    const extended = await run(context, request);
    print(flags, extended, () => `${extended.name}: expires ${extended.expiresAt}\n`);
  });
  down.action(async (given: string, flags: UpFlags) => {
    const { down: run, removedText, isGone } = load();
    const owner = ownerOf(flags.owner, project(flags).projectDir);
    const asked = checkName(given);
    const { context, checked } = await connect(flags);
    await checked();
    const removed = await run(context, {
      name: asked,
      owner,
      waitMs: waitForOwnUpdateMs,
      breakLock: flags.breakLock === true,
    });
    print(flags, removed, () => `${removedText(removed)}\n`);
    process.exitCode = isGone(removed) ? exitCodes.fine : exitCodes.findings;
  });
  reap.action(async (flags: Flags & { yes?: boolean }) => {
    const { reap: run, reapText, anythingRemains } = load();
    const { context, checked } = await connect(flags);
    await checked();
    const report = await run(context, flags.yes === true);
    print(flags, report, () => `${reapText(report)}\n`);
    process.exitCode = anythingRemains(report) ? exitCodes.findings : exitCodes.fine;
  });
  name.action((branch: string, flags: Flags) => {
    const made = nameOfBranch(branch);
    print(flags, { name: made }, () => `${made}\n`);
  });
}

/** How long `down` waits for an update that still runs on this machine, such as one whose command was killed. */
const waitForOwnUpdateMs = 15 * 60_000;

const examples = `
Names are pr-NUMBER and eph-WORD; ephemeral.yaml holds the limits. An up that failed or was cut off is finished by another up, or
removed by down.

Examples:
  platform ephemeral up pr-123 --ttl 8h --preview
  platform ephemeral up eph-ana --ttl 7d12h
  platform ephemeral list --json
  platform ephemeral extend eph-ana --ttl 2d
  platform ephemeral down eph-ana
  platform ephemeral reap                      what has expired; --yes removes it
  platform ephemeral name feature/dragon-voices
`;

async function runUp(name: string, flags: UpFlags): Promise<number> {
  const { settings, projectDir } = project(flags);
  const owner = ownerOf(flags.owner, projectDir);
  const ttl = ttlOf(flags.ttl, settings);
  const { previewLife, previewText, up } = load();
  const request = { projectDir, name, owner, ttl, now: new Date(), timeoutMs: flags.timeout * 1000 };
  const preview = await withProgress(`evaluating ${name}`, () => previewLife(request));
  const refused = preview.serious.length > 0 || preview.cost.usd > (settings.mostUsd ?? Number.POSITIVE_INFINITY);
  if (flags.preview) {
    const { printTree, painter } = require("../../plan/display") as typeof import("../../plan/display");
    const { plan } = preview.review;
    const { expiresAt, cost, demands, serious } = preview;
    print(flags, { name, owner, expiresAt, cost, demands, serious, changes: plan.steps.length }, () => {
      const tree = printTree(plan, plan.steps, { paint: painter(false), truncate: true });
      return `${tree}\n${previewText(preview, name, ttl)}`;
    });
    return refused ? exitCodes.findings : exitCodes.fine;
  }
  process.stderr.write(previewText(preview, name, ttl));
  if (refused) {
    const why =
      preview.serious.length > 0
        ? "it breaks critical or high rules"
        : `its life costs more than mostUsd, $${settings.mostUsd}`;
    process.stderr.write(`platform: ${name} is not brought up: ${why}\n`);
    return exitCodes.findings;
  }
  const { context } = await connect(flags);
  const report = await up(
    context,
    { name, owner, ttl, demands: preview.demands, breakLock: flags.breakLock === true },
    settings,
  );
  if (report.failure !== undefined) {
    const { message, log } = report.failure;
    process.stderr.write(
      `platform: ${name}: ${message}\n  all that Pulumi said: ${log}\n  \`up\` again goes on, \`down\` removes it\n`,
    );
  }
  const { url } = report.outputs;
  print(flags, report, () =>
    report.outcome === "up" ? `${name}: up until ${report.expiresAt}${url ? `\n${url}` : ""}\n` : "",
  );
  return report.outcome === "up" ? exitCodes.fine : exitCodes.findings;
}

function project({ cwd }: Flags): { projectDir: string; settings: EphemeralSettings } {
  const projectDir = findProject(resolve(cwd));
  return { projectDir, settings: readSettings(projectDir) };
}

function ttlOf(given: string | undefined, settings: EphemeralSettings): Ttl {
  const { ttl } = settings;
  const limits = { most: parseTtl(ttl.most, { where: settingsFile }), never: ttl.never };
  if (given === undefined) return parseTtl(ttl.default, { where: settingsFile });
  return checkTtl(parseTtl(given, { where: "--ttl" }), limits, settingsFile);
}

/** Reaches the backend and the cloud. `checked` holds the credentials against the settings; without the cloud it is not asked for. */
async function connect(flags: Flags, cloudNeeded = true): Promise<{ context: Context; checked: () => Promise<void> }> {
  const { projectDir, settings } = project(flags);
  const { findPulumiCli, pulumiBackend, awsCall, awsCloud, thisMachine, checkAccount, projectRegion } = load();
  const onText = process.stderr.isTTY ? (text: string) => void process.stderr.write(text) : undefined;
  const backend = await pulumiBackend({
    projectDir,
    cli: findPulumiCli(projectDir),
    ...(settings.secretsProvider === undefined ? {} : { secretsProvider: settings.secretsProvider }),
    ...(onText === undefined ? {} : { onText }),
  });
  const region = projectRegion(projectDir);
  if (cloudNeeded && region === undefined) {
    throw new InputError({
      path: "aws:region",
      given: undefined,
      allowed: "a region",
      where: "Pulumi.yaml, or AWS_REGION",
    });
  }
  const context: Context = {
    ...thisMachine(),
    backend,
    cloud: awsCloud(awsCall({ region: region ?? "us-east-1" })),
    say: (line) => void process.stderr.write(`${line}\n`),
  };
  return { context, checked: () => checkAccount(context, settings) };
}

function print(flags: Flags, data: unknown, text: () => string): void {
  process.stdout.write(flags.json ? `${JSON.stringify(data, undefined, 2)}\n` : text());
}

/** What is loaded only when a command runs: the parts that take long to load. */
const load = () => require("../../ephemeral") as typeof import("../../ephemeral");
