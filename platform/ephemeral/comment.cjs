// Says on a pull request where its stack is and how long it lives. Plain JavaScript without dependencies, because the job that may write
// comments runs this file alone. What it is given comes from a job that runs the pull request's code: it is checked, never trusted.

const marker = "<!-- platform-ephemeral -->";

/** @param {string | undefined} text JSON of another job. @returns {Record<string, unknown> | undefined} */
function parsed(text) {
  try {
    const value = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An address that may stand in a comment: http or https, of plain characters. */
const isAddress = (text) => typeof text === "string" && /^https?:\/\/[\w.:/-]{1,200}$/.test(text);
const isTime = (text) => text === "never" || (typeof text === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text));

/**
 * The comment of a stack that came up, failed, or went.
 * @param {{ name: string, up?: string, down?: string, run: string }} options reports of the jobs, as JSON; absent where one did not run
 */
function stackComment({ name, up, down, run }) {
  if (!/^pr-\d{1,10}$/.test(name)) throw new Error("the name is not that of a pull request's stack");
  const [came, went] = [parsed(up), parsed(down)];
  const lines = () => {
    if (went?.state === "removed" || went?.state === "absent") {
      const remaining = Number(went.remaining) || 0;
      return remaining === 0
        ? [`\`${name}\` is gone, with everything that it made.`]
        : [
            `\`${name}\` is gone; ${remaining} resources remain until AWS lets go of them. The nightly reaper goes on with them.`,
          ];
    }
    if (came?.outcome === "up") {
      const until = isTime(came.expiresAt) ? came.expiresAt : "an unknown time";
      return [
        `\`${name}\` is up until **${until}**.`,
        ...(isAddress(came.url) ? ["", `Edge: ${came.url}`] : []),
        "",
        `A new commit updates it and counts its life from then. Removing the label or closing the pull request removes it.`,
      ];
    }
    return [`\`${name}\` did not get through: [the run](${run}) says why. The next commit goes on with it.`];
  };
  return [marker, "## Ephemeral stack", "", ...lines(), ""].join("\n");
}

/**
 * Replaces the stack's comment on the pull request, or makes one.
 * @param {{ github: any, repo: { owner: string, repo: string }, number: number, body: string }} options
 * @returns {Promise<"created" | "updated">}
 */
async function postStack({ github, repo, number, body }) {
  const comments = await github.paginate(github.rest.issues.listComments, {
    ...repo,
    issue_number: number,
    per_page: 100,
  });
  const own = comments.find(({ user, body: text }) => user?.type === "Bot" && text?.startsWith(marker));
  if (own === undefined) {
    await github.rest.issues.createComment({ ...repo, issue_number: number, body });
    return "created";
  }
  await github.rest.issues.updateComment({ ...repo, comment_id: own.id, body });
  return "updated";
}

module.exports = { postStack, stackComment };
