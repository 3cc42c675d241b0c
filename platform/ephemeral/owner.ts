import { spawnSync } from "node:child_process";
import { InputError } from "../../contracts/input-error";

/** Characters that AWS takes in a tag's value. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
const tagValue = /^[\p{L}\p{N} _.:/=+\-@]{1,200}$/u;

/**
 * Whose stack it is: `--owner`, else the workflow's pull request or repository, else the person's address in git, else the user's name.
 * @throws InputError for one that cannot be the value of a tag.
 */
export function ownerOf(given: string | undefined, cwd: string, environment = process.env): string {
  const owner = given ?? fromWorkflow(environment) ?? fromGit(cwd) ?? environment.USER ?? "unknown";
  if (tagValue.test(owner)) return owner;
  throw new InputError({
    path: "owner",
    given: owner,
    allowed: "1 to 200 letters, digits, spaces and _ . : / = + - @",
    where: "--owner, or git's user.email",
  });
}

/** A pull request is an owner of its own, whoever's commit it runs for. */
function fromWorkflow({ GITHUB_REPOSITORY: repository, GITHUB_REF: ref = "" }: NodeJS.ProcessEnv): string | undefined {
  if (repository === undefined || repository === "") return undefined;
  const [, pull] = /^refs\/(pull\/\d+)\//.exec(ref) ?? [];
  return `github:${repository}${pull === undefined ? "" : `/${pull}`}`;
}

function fromGit(cwd: string): string | undefined {
  const { stdout } = spawnSync("git", ["config", "user.email"], { cwd, encoding: "utf8" });
  return stdout?.trim() || undefined;
}
