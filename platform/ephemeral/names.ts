import { createHash } from "node:crypto";
import { InputError } from "../../contracts/input-error";
import { ephemeralBody, ephemeralName, ephemeralNamesAllowed } from "../../contracts/stack-names";

const hashLength = 6;

/**
 * Checks the name of an ephemeral stack against the list of what is allowed.
 * @throws InputError for a long-lived stack's name and for any other.
 */
export function checkName(name: string, where = "the command line"): string {
  if (ephemeralName.test(name)) return name;
  throw new InputError({ path: "name", given: name, allowed: ephemeralNamesAllowed, where });
}

/**
 * The stack of a branch: `eph-` and the branch, in lower case with hyphens for everything else. A name that had to be cut or changed
 * carries a hash of the branch, so that two branches do not meet; no branch can come to a long-lived stack's name.
 * @throws InputError for an empty name.
 */
export function nameOfBranch(branch: string): string {
  if (branch.trim() === "") {
    throw new InputError({ path: "branch", given: branch, allowed: "the name of a branch", where: "the command line" });
  }
  const slug = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (slug === branch && slug.length <= ephemeralBody) return `eph-${slug}`;
  const hash = createHash("sha256").update(branch).digest("hex").slice(0, hashLength);
  const room = ephemeralBody - hashLength - 1;
  const head = slug.slice(0, room).replace(/-+$/, "");
  return `eph-${head === "" ? hash : `${head}-${hash}`}`;
}
