import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../contracts/input-error";

/**
 * Finds the Pulumi project that a command works on: the nearest folder upwards with a Pulumi.yaml, as Pulumi's CLI does.
 * @throws InputError where there is none.
 */
export function findProject(from: string = process.cwd()): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
    if (dirname(folder) === folder) {
      throw new InputError({
        path: "project",
        given: from,
        allowed: "a folder with a Pulumi.yaml in it or above it",
        where: "the current folder, or --cwd",
      });
    }
  }
}
