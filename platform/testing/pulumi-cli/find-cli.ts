import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The version that this project is compared with; its Node SDK has the same. */
export const cliVersion = "3.248.0";

const root = join(__dirname, "..", "..", "..");
const built = join(root, ".platform", "pulumi-cli", "pulumi");

/**
 * The Pulumi CLI for tests: the one that `PULUMI_CLI` names, one on the PATH, or one that was built here.
 * @returns Its path, or in words why none can be used.
 */
export function findCli(): { readonly path: string } | { readonly missing: string } {
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "pulumi"));
  const named = process.env.PULUMI_CLI;
  const candidates = named === undefined || named === "" ? [...onPath, built] : [named];
  const path = candidates.find((candidate) => versionOf(candidate) === `v${cliVersion}`);
  if (path !== undefined) return { path };
  const where = named === undefined || named === "" ? "on the PATH" : `at ${named} (PULUMI_CLI)`;
  return {
    missing: `no Pulumi CLI ${cliVersion} ${where}; npm run test:pulumi-cli -- --build builds one from its Go modules`,
  };
}

function versionOf(path: string): string | undefined {
  const { stdout } = spawnSync(path, ["version"], {
    encoding: "utf8",
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  return stdout?.trim();
}

/**
 * Builds the CLI from its published Go modules into `.platform/pulumi-cli/`; with an empty build cache that takes a quarter of
 * an hour and 4 GB on two cores.
 * @throws Error when there is no Go, no module proxy, or the build fails.
 */
export function buildCli(): void {
  const folder = join(built, "..");
  mkdirSync(folder, { recursive: true });
  const module = "github.com/pulumi/pulumi/pkg/v3";
  const command = `${module}/cmd/pulumi`;
  writeFileSync(join(folder, "go.mod"), "module pulumi-cli\n\ngo 1.24\n");
  writeFileSync(join(folder, "tools.go"), `//go:build tools\n\npackage tools\n\nimport _ "${command}"\n`);
  const go = (...args: string[]) =>
    execFileSync("go", args, { cwd: folder, stdio: "inherit", env: { ...process.env, GOFLAGS: "-mod=mod" } });
  go("get", `${command}@v${cliVersion}`);
  const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${cliVersion}`;
  go("build", "-ldflags", stamp, "-o", built, command);
}
