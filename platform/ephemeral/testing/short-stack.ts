import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findCli } from "../../testing/pulumi-cli/find-cli";
import { type LedgerCloudOptions, serveLedgerCloud } from "../../testing/pulumi-cli/ledger-cloud";
import { CliWorkspace } from "../../testing/pulumi-cli/workspace";
import { pulumiBackend } from "../backend/pulumi-backend";
import { awsCall } from "../cloud/aws-call";
import { awsCloud } from "../cloud/aws-cloud";
import { type Context, thisMachine } from "../context";

const command = join(__dirname, "..", "..", "bin", "platform.cjs");

const double = { accessKeyId: "double", secretAccessKey: "double" };

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The small program under the real CLI, with the double of AWS over its ledger. */
export class ShortStack {
  private constructor(
    readonly workspace: CliWorkspace,
    readonly cloud: Awaited<ReturnType<typeof serveLedgerCloud>>,
    readonly env: NodeJS.ProcessEnv,
    private readonly cli: string,
  ) {}

  /** @throws Error where no CLI can be had. */
  static async open(env: Readonly<Record<string, string>> = {}, options: LedgerCloudOptions = {}): Promise<ShortStack> {
    const found = findCli();
    if ("missing" in found) throw new Error(found.missing);
    const workspace = new CliWorkspace({ cli: found.path, program: join(__dirname, "program"), env });
    const cloud = await serveLedgerCloud(workspace.ledger, options);
    const aws = { AWS_ENDPOINT_URL: cloud.url, AWS_ACCESS_KEY_ID: "double", AWS_SECRET_ACCESS_KEY: "double" };
    const all = { ...process.env, ...workspace.env, ...aws, PULUMI_CLI: found.path, GITHUB_REPOSITORY: "" };
    return new ShortStack(workspace, cloud, all, found.path);
  }

  /** Starts `platform ephemeral` in a process group of its own. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; ended: Promise<Result> } {
    const child = spawn(process.execPath, [command, "ephemeral", ...args, "--cwd", this.workspace.program], {
      env: { ...this.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Result>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended };
  }

  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Result> {
    return this.start(args, env).ended;
  }

  /** Ids of the update that the CLI runs here now. */
  updates(): number[] {
    return processes().flatMap(({ pid, words }) => {
      const [file, action] = words;
      return file === this.cli && (action === "up" || action === "destroy") && belongs(pid, this.env.PULUMI_HOME!)
        ? [pid]
        : [];
    });
  }

  /** True while anything of a CLI, its language host or its providers runs here. */
  busy(): boolean {
    return processes().some(({ pid }) => pid !== process.pid && belongs(pid, this.env.PULUMI_HOME!));
  }

  /** The commands' context, at a time of the caller's. */
  async context(now: Date): Promise<Context> {
    const backend = await pulumiBackend({ projectDir: this.workspace.program, cli: this.cli, environment: this.env });
    const cloud = awsCloud(awsCall({ region: "us-east-1", endpoint: this.cloud.url, credentials: double }));
    return { ...thisMachine(), backend, cloud, now: () => now, say: () => undefined };
  }

  close(): void {
    this.cloud.close();
    this.workspace.close();
  }
}

/** Processes of this machine, by /proc. */
function processes(): { pid: number; words: string[] }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        return [{ pid: Number(name), words }];
      } catch {
        return [];
      }
    });
}

function belongs(pid: number, home: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`PULUMI_HOME=${home}\0`);
  } catch {
    return false;
  }
}
