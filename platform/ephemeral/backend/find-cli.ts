import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { InputError } from "../../../contracts/input-error";

/**
 * The official Pulumi CLI: the one that `PULUMI_CLI` names, else that of the project's `node_modules`, else one on the PATH.
 * @throws InputError where there is none, with what to do.
 */
export function findPulumiCli(projectDir: string, environment = process.env): string {
  const named = environment.PULUMI_CLI;
  const candidates =
    named === undefined || named === ""
      ? [
          join(projectDir, "node_modules", ".bin", "pulumi"),
          ...(environment.PATH ?? "").split(delimiter).map((folder) => join(folder, "pulumi")),
        ]
      : [named];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new InputError({
    path: "pulumi",
    given: named || undefined,
    allowed: "the official CLI on the PATH: `npm install --global pulumi` brings it",
    where: named ? "PULUMI_CLI" : "the PATH, or PULUMI_CLI",
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
