import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "..");
const fixture = join(repository, "platform", "plan", "fixtures", "written-program");

/** One resource as the written program reads it; `{ $ref: name }` in its inputs is another one's id. */
export interface Written {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Works in a folder with a small Pulumi program whose stack `prod` registers `resources`, and removes it afterwards. */
export async function inWrittenProgram<T>(
  resources: readonly Written[],
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-program-"));
  try {
    cpSync(fixture, folder, { recursive: true });
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    write(folder, resources);
    writeFileSync(join(folder, "Pulumi.prod.yaml"), "config:\n  shop:file: resources.json\n");
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Replaces what the program of a folder registers. */
export function write(folder: string, resources: readonly Written[]): void {
  writeFileSync(join(folder, "resources.json"), JSON.stringify(resources));
}

/** Commits all of a folder on branch `main`. */
export function commit(folder: string): void {
  writeFileSync(join(folder, ".gitignore"), "node_modules\n");
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
  for (const words of [
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "."],
    [...author, "commit", "--quiet", "--message=base"],
  ]) {
    const { status, stderr } = spawnSync("git", words, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${words.join(" ")}: ${stderr}`);
  }
}
