import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** One check: `skipped` always with the reason why it could not run here. */
export interface ImageCheck {
  readonly name: string;
  readonly result: "ok" | "failed" | "skipped";
  readonly detail: string;
}

const folder = __dirname;
const files = join(folder, "files");
const units = join(files, "systemd");

/** Where the programs that the image's checks need come from. */
const debianPackage = { shellcheck: "shellcheck", "systemd-analyze": "systemd" } as const;
type Tool = keyof typeof debianPackage;

/** Bytes of a component document that the API takes inline. Source: Image Builder API reference, CreateComponent, data. */
const documentLimit = 16_000;
/** Highest exposure, 0-10, that `systemd-analyze security` may find in a unit that works with what comes from outside. */
const exposureLimit = 5;

const step = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/),
  action: z.literal("ExecuteBash"),
  onFailure: z.enum(["Abort", "Continue", "Ignore"]).optional(),
  maxAttempts: z.int().min(1).max(10).optional(),
  timeoutSeconds: z.int().positive().optional(),
  inputs: z.strictObject({ commands: z.array(z.string().min(1)).min(1) }),
});

/** A component document, as far as this image uses it. Source: Image Builder user guide, component document schema 1.0. */
export const componentDocument = z.strictObject({
  name: z.string(),
  description: z.string(),
  schemaVersion: z.literal(1),
  parameters: z
    .array(z.record(z.string(), z.strictObject({ type: z.literal("string"), description: z.string() })))
    .optional(),
  phases: z.array(z.strictObject({ name: z.enum(["build", "validate", "test"]), steps: z.array(step).min(1) })).min(1),
});
export type ComponentDocument = z.infer<typeof componentDocument>;

/** Reads a document of the recipe. @throws ZodError */
export function readDocument(file: string): ComponentDocument {
  return componentDocument.parse(parse(readFileSync(join(folder, "components", file), "utf8")));
}

export const documentNames = (): string[] => readdirSync(join(folder, "components")).sort();

/** Checks what is shipped in the image with the tools that judge it: systemd's own and shellcheck. */
export function checkImage(): ImageCheck[] {
  return [...checkScripts(), ...checkDocuments(), ...checkUnits()];
}

function checkScripts(): ImageCheck[] {
  const scripts = readdirSync(join(files, "bin")).map((name) => join(files, "bin", name));
  return [
    withTool("shellcheck", "shellcheck of the scripts", () =>
      run("shellcheck", ["--norc", ...scripts], `${scripts.length} scripts`),
    ),
  ];
}

function checkDocuments(): ImageCheck[] {
  return documentNames().flatMap((name) => {
    const bytes = readFileSync(join(folder, "components", name)).length;
    const size: ImageCheck = {
      name: `${name}: size`,
      result: bytes <= documentLimit ? "ok" : "failed",
      detail: `${bytes} of ${documentLimit} bytes`,
    };
    const commands = readDocument(name).phases.flatMap(({ steps }) => steps.flatMap(({ inputs }) => inputs.commands));
    return [
      size,
      withTool("shellcheck", `${name}: shellcheck of the commands`, () =>
        inScratch((scratch) => {
          const paths = commands.map((text, index) => {
            const path = join(scratch, `command-${index}.sh`);
            // Image Builder fills the parameters in before bash sees the text.
            writeFileSync(path, text.replaceAll(/\{\{ (\w+) \}\}/g, "$1-value"));
            return path;
          });
          return run("shellcheck", ["--norc", "--shell=bash", ...paths], `${paths.length} commands`);
        }),
      ),
    ];
  });
}

/** The units in a root of their own, with empty programs where the image has real ones: systemd looks for each. */
function checkUnits(): ImageCheck[] {
  const names = readdirSync(units);
  const services = names.filter((name) => name.endsWith(".service"));
  const hostUnits = "/usr/lib/systemd/system";
  return [
    withTool("systemd-analyze", "systemd-analyze verify", () =>
      inScratch((root) => {
        stageRoot(root, hostUnits);
        const targets = names.map((name) => `/etc/systemd/system/${name}`);
        return run("systemd-analyze", ["verify", "--man=no", `--root=${root}`, ...targets], `${names.length} units`);
      }),
    ),
    ...services
      .filter((name) => /^User=/m.test(readFileSync(join(units, name), "utf8")))
      .map((name) =>
        withTool("systemd-analyze", `${name}: exposure`, () =>
          inScratch((root) => {
            stageRoot(root, hostUnits);
            const options = ["security", "--no-pager", "--offline=true", `--threshold=${exposureLimit * 10}`];
            return run("systemd-analyze", [...options, `--root=${root}`, name], `at most ${exposureLimit} of 10`);
          }),
        ),
      ),
  ];
}

function stageRoot(root: string, hostUnits: string): void {
  const own = join(root, "etc", "systemd", "system");
  mkdirSync(own, { recursive: true });
  if (existsSync(hostUnits)) cpSync(hostUnits, join(root, hostUnits), { recursive: true, verbatimSymlinks: true });
  cpSync(units, own, { recursive: true });
  for (const name of readdirSync(units)) {
    const text = readFileSync(join(units, name), "utf8");
    for (const [, program] of text.matchAll(/^Exec\w+=[-+!:@]*(\/\S+)/gm)) {
      const path = join(root, program!);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "#!/bin/sh\n");
      chmodSync(path, 0o755);
    }
  }
}

function withTool(tool: Tool, name: string, check: () => Omit<ImageCheck, "name">): ImageCheck {
  if (onPath(tool)) return { name, ...check() };
  return { name, result: "skipped", detail: `${tool} is not here; Debian's package ${debianPackage[tool]} has it` };
}

function onPath(tool: string): boolean {
  return (process.env.PATH ?? "").split(":").some((place) => existsSync(join(place, tool)));
}

/** Runs a judge that has nothing to say when all is well: `verify` ends with 0 whatever it warns of. */
function run(tool: string, args: readonly string[], detail: string): Omit<ImageCheck, "name"> {
  const { status, stdout, stderr, error } = spawnSync(tool, [...args], { encoding: "utf8" });
  if (error === undefined && status === 0 && stderr.trim() === "") return { result: "ok", detail };
  return { result: "failed", detail: error?.message ?? (`${stdout}${stderr}`.trim() || `exit code ${status}`) };
}

function inScratch<T>(use: (scratch: string) => T): T {
  const scratch = mkdtempSync(join(tmpdir(), "gpu-node-check-"));
  try {
    return use(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (require.main === module) {
  const checks = checkImage();
  for (const { name, result, detail } of checks) {
    process.stdout.write(`${result.padEnd(8)}${name}${detail === "" ? "" : ` (${detail})`}\n`);
  }
  const failed = checks.filter(({ result }) => result === "failed").length;
  const skipped = checks.filter(({ result }) => result === "skipped").length;
  process.stdout.write(
    `${basename(folder)}: ${checks.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}
