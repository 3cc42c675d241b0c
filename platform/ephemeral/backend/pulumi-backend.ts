import { join } from "node:path";
import type { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { InputError } from "../../../contracts/input-error";
import { ephemeralName } from "../../../contracts/stack-names";
import { lockHolders, type StackRecord } from "../decisions";
import { expiryTag, ownerTag } from "../stack-tags";
import type { Backend, Update } from "./backend";
import { collect, type Ended, follow } from "./follow";

export interface PulumiBackendOptions {
  readonly projectDir: string;
  /** Executable of the CLI. */
  readonly cli: string;
  /** For new stacks. @default the backend's own */
  readonly secretsProvider?: string;
  /** Called with what a running update writes. */
  readonly onText?: (text: string) => void;
  /** @default the process's */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Commands that change the cloud or the state: they are let end by themselves whatever becomes of this process. */
const updates = new Set(["up", "destroy"]);

/** Where the log of a stack's last update is. */
export const updateLog = (projectDir: string, name: string): string =>
  join(projectDir, ".platform", "ephemeral", `${name}.log`);

/** A command of the CLI that failed. */
class CliFailure extends Error {
  constructor(readonly ended: Ended) {
    super(ended.stderr);
  }
}

/**
 * The backend through Pulumi's Automation API and the official CLI. A command line that the API gives is run here, so that an update
 * goes on when this process is killed (`follow`) and no stack is selected in the person's own workspace.
 */
export async function pulumiBackend(options: PulumiBackendOptions): Promise<Backend> {
  const { projectDir, cli, secretsProvider, onText, environment = process.env } = options;
  const { LocalWorkspace, Stack } = require("@pulumi/pulumi/automation") as typeof import("@pulumi/pulumi/automation");
  const command = {
    command: cli,
    version: null,
    run: async (args: string[], cwd: string, env: Record<string, string>): Promise<Ended> => {
      if (args[0] === "stack" && args[1] === "select") return { code: 0, stdout: "", stderr: "" };
      const words = args[0] === "stack" && args[1] === "init" ? [...args, "--no-select"] : args;
      const how = {
        cwd,
        env: { ...environment, ...env, PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_AUTOMATION_API: "true" },
        ...(onText === undefined ? {} : { onText }),
      };
      const all = [...words, "--non-interactive", "--color", "never"];
      const name = args[args.indexOf("--stack") + 1]!;
      const ended = updates.has(args[0]!)
        ? await follow(cli, all, updateLog(projectDir, name), how)
        : await collect(cli, all, how);
      if (ended.code !== 0) throw new CliFailure(ended);
      return ended;
    },
  } as unknown as PulumiCommand;
  const workspace: LocalWorkspace = await LocalWorkspace.create({
    workDir: projectDir,
    pulumiCommand: command,
    ...(secretsProvider === undefined ? {} : { secretsProvider }),
  });
  const asked = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw explained(error, environment);
    });

  const backend: Backend = {
    list: () =>
      asked(async () => {
        const stacks = await workspace.listStacks();
        const records: StackRecord[] = [];
        // A few at a time: each asks the backend for tags in a process of its own.
        for (let index = 0; index < stacks.length; index += 4) {
          records.push(...(await Promise.all(stacks.slice(index, index + 4).map(withTags))));
        }
        return records;
      }),
    read: async (name) => {
      const stacks = await asked(() => workspace.listStacks());
      const found = stacks.find((stack) => shortName(stack.name) === name);
      return found && asked(() => withTags(found));
    },
    create: (name) =>
      workspace.createStack(name).catch((error: unknown) => {
        const taken = error instanceof CliFailure && /already exists/.test(error.ended.stderr);
        if (!taken) throw explained(error, environment);
        const allowed = "a stack that nobody else makes at this moment; run it again";
        throw new InputError({ path: "name", given: name, allowed, where: "the state backend" });
      }),
    setTags: (name, tags) =>
      asked(async () => {
        for (const [key, value] of Object.entries(tags)) await workspace.setTag(name, key, value);
      }),
    setConfig: (name, config) =>
      asked(() =>
        workspace.setAllConfig(
          name,
          Object.fromEntries(Object.entries(config).map(([key, value]) => [key, { value }])),
          true,
        ),
      ),
    up: (name) => update(name, async () => (await Stack.select(name, workspace)).up({ color: "never" })),
    destroy: (name) =>
      update(name, async () =>
        (await Stack.select(name, workspace)).destroy({ color: "never", continueOnError: true }),
      ),
    breakLock: async (name) => asked(async () => (await Stack.select(name, workspace)).cancel()),
    remove: (name) => asked(() => workspace.removeStack(name)),
    outputs: (name) =>
      asked(async () => {
        const outputs = await workspace.stackOutputs(name);
        const plain = Object.entries(outputs).filter(([, { secret }]) => !secret);
        return Object.fromEntries(plain.map(([key, { value }]) => [key, value]));
      }),
  };
  return backend;

  async function withTags({ name: full, resourceCount = 0, lastUpdate }: StackListEntry): Promise<StackRecord> {
    const name = shortName(full);
    const record = { name, resources: resourceCount, ...(lastUpdate === undefined ? {} : { lastUpdate }) };
    if (!ephemeralName.test(name)) return record;
    const { [expiryTag]: expiresAt, [ownerTag]: owner } = await workspace.listTags(full).catch((error: unknown) => {
      // It went away while it was looked at.
      if (/no stack named/.test(String(error))) return {} as Record<string, string>;
      throw error;
    });
    return { ...record, ...(expiresAt === undefined ? {} : { expiresAt }), ...(owner === undefined ? {} : { owner }) };
  }

  async function update(name: string, work: () => Promise<unknown>): Promise<Update> {
    try {
      await work();
      return { outcome: "done" };
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      const { stderr: text } = error.ended;
      const holders = lockHolders(text);
      const locked = holders.length > 0 || /currently locked|Another update is currently in progress/.test(text);
      if (locked) return { outcome: "locked", holders, message: firstError(text) };
      const problem = explained(error, environment);
      if (InputError.isInstance(problem)) throw problem;
      return { outcome: "failed", message: firstError(text), log: updateLog(projectDir, name) };
    }
  }
}

type StackListEntry = Awaited<ReturnType<LocalWorkspace["listStacks"]>>[number];

/** The name without organization and project, which some backends put before it. */
const shortName = (name: string): string => name.split("/").at(-1)!;

/** The line of the CLI's output that says what went wrong. */
export function firstError(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const said = lines.find((line) => line.startsWith("error:")) ?? lines.findLast((line) => line !== "");
  return (said ?? "no word of why").replace(/^error:\s*/, "");
}

/** What the CLI says of a backend that it cannot use, as what a person can do about it. */
const causes: readonly {
  readonly said: RegExp;
  readonly path: string;
  readonly allowed: string;
  readonly where: string;
}[] = [
  {
    said: /PULUMI_ACCESS_TOKEN must be set|not logged in|Unauthorized: No credentials|invalid access token/i,
    path: "backend",
    allowed: "a state backend: `pulumi login`, or PULUMI_BACKEND_URL for a folder or bucket",
    where: "the environment, or ~/.pulumi/credentials.json",
  },
  {
    said: /passphrase must be set|incorrect passphrase/i,
    path: "passphrase",
    allowed: "the passphrase of the stacks' secrets",
    where: "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
  },
  {
    said: /ExpiredToken|security token included in the request is expired/i,
    path: "credentials",
    allowed: "credentials that have not expired: `aws sso login`",
    where: "the environment, or AWS_PROFILE",
  },
  {
    said: /unable to open bucket|unable to check if bucket|could not list bucket|no such host|connection refused|NoSuchBucket|dial tcp|no such file or directory.*\.pulumi|error listing stacks|getting (default )?.*backend|problem logging in/i,
    path: "backend",
    allowed: "a state backend that answers",
    where: "PULUMI_BACKEND_URL, or `pulumi login`",
  },
];

function explained(error: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (!(error instanceof CliFailure)) return error;
  const text = error.ended.stderr;
  const cause = causes.find(({ said }) => said.test(text));
  if (cause === undefined) return new Error(`pulumi: ${firstError(text)}`);
  const { said: _, ...problem } = cause;
  const given = problem.path === "backend" ? withoutCredentials(environment.PULUMI_BACKEND_URL) : undefined;
  return new InputError({ ...problem, given });
}

/** An address without a user's name and password. */
const withoutCredentials = (address: string | undefined): string | undefined => address?.replace(/\/\/[^/@]*@/, "//");
