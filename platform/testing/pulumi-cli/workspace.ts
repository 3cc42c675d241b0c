import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { cliVersion } from "./find-cli";
import { Ledger } from "./ledger";

/** Packages that a stand-in serves; versions are those of the installed SDKs. */
export const standInPackages = ["aws", "random"] as const;

export interface CliWorkspaceOptions {
  /** The CLI's executable. */
  readonly cli: string;
  /** Folder of `Pulumi.yaml`; the commands run on a copy, since the CLI writes config files beside it. */
  readonly program: string;
  /** @default "test" */
  readonly stack?: string;
  /** More of the environment, for example `STAND_IN_ANSWER_AFTER_MS`. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const tsx = require.resolve("tsx/cjs");
const modules = join(__dirname, "..", "..", "..", "node_modules");

/**
 * A real Pulumi CLI with a backend, plugins and passphrase of its own in a temporary folder. Programs run with our language host;
 * a stand-in serves the providers, and its ledger says what would exist.
 */
export class CliWorkspace {
  readonly stack: string;
  readonly ledger: Ledger;
  /** Environment of every command: enough for the Automation API too. */
  readonly env: Readonly<Record<string, string>>;
  /** The copy of the program: change it to see what the CLI makes of the change. */
  readonly program: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "pulumi-cli-"));

  constructor(private readonly options: CliWorkspaceOptions) {
    this.stack = options.stack ?? "test";
    this.program = join(this.folder, "program");
    copyProgram(options.program, this.program);
    const [home, backend] = [join(this.folder, "home"), join(this.folder, "backend")];
    mkdirSync(backend);
    const file = join(this.folder, "ledger.jsonl");
    this.ledger = new Ledger(file);
    installPlugin(home, "language", "nodejs", cliVersion, "language-host.ts");
    for (const name of standInPackages) {
      installPlugin(home, "resource", name, installedVersion(name), "stand-in-provider.ts");
    }
    // The SDK's own folder has the provider of dynamic resources.
    const path = [join(modules, "@pulumi", "pulumi"), process.env.PATH ?? ""].join(delimiter);
    this.env = {
      PATH: path,
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: "stand-in",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      STAND_IN_LEDGER: file,
      STAND_IN_PROGRAM: this.program,
      no_grpc_proxy: "127.0.0.1",
      ...options.env,
    };
  }

  /** Runs one command without asking anything; its exit code is for the caller to judge. */
  run(...args: readonly string[]): Promise<CliResult> {
    const child = spawn(this.options.cli, [...args, "--non-interactive", "--color", "never"], {
      cwd: this.program,
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
  }

  /** @throws Error with what the CLI said when it fails. */
  async must(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  init(): Promise<string> {
    return this.must("stack", "init", this.stack);
  }

  up(...args: readonly string[]): Promise<string> {
    return this.must("up", "--yes", "--skip-preview", "--stack", this.stack, ...args);
  }

  /** The digest of `preview --json`, unchanged resources included; a refused plan (a protected resource) has one as well. */
  async preview(...args: readonly string[]): Promise<unknown> {
    const { stdout, stderr } = await this.run("preview", "--json", "--show-sames", "--stack", this.stack, ...args);
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(`pulumi preview printed no digest:\n${stdout}${stderr}`);
    }
  }

  /** The state file with every secret in plain text: all of them were made up. */
  async exported(): Promise<string> {
    return this.must("stack", "export", "--show-secrets", "--stack", this.stack);
  }

  destroy(): Promise<string> {
    return this.must("destroy", "--yes", "--skip-preview", "--stack", this.stack);
  }

  /** Removes everything that was kept here. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function copyProgram(from: string, to: string): void {
  const left = new Set(["node_modules", ".git", ".platform", "build"]);
  cpSync(from, to, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(modules, join(to, "node_modules"));
}

function installedVersion(name: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(modules, "@pulumi", name, "package.json"), "utf8"),
  );
  return manifest.version;
}

/** Where the CLI looks for a plugin that it has downloaded: ours run the given file, with their version as first argument. */
function installPlugin(home: string, kind: "language" | "resource", name: string, version: string, file: string): void {
  const folder = join(home, "plugins", `${kind}-${name}-v${version}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `pulumi-${kind}-${name}`);
  const words = [process.execPath, "--require", tsx, join(__dirname, file), version].map((word) => `'${word}'`);
  writeFileSync(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
}
