// Posts or updates the review comment on a pull request. Plain JavaScript without dependencies, because the workflow that may
// write comments runs this file alone.

const marker = /^<!-- platform-review: [\w.-]{1,100} -->\n/;
/** GitHub's limit on a comment. */
const longest = 65_536;

/**
 * Checks that what the untrusted job left is a review comment, and takes the force out of mentions of people and teams: by a sign
 * that is not seen, or, where that would make the comment too long, by another at-sign of the same length.
 * @param {string} given
 * @returns {{ line: string, body: string }} the marker line, and the text to post
 */
function validate(given) {
  const found = marker.exec(given);
  if (found === null) throw new Error("the artefact is not a review comment: its first line is not the marker");
  const mention = /@(?=[A-Za-z0-9])/g;
  const parted = given.replace(mention, "@\u200b");
  const body = parted.length <= longest ? parted : given.replace(mention, "\uff20");
  if (body.length > longest) throw new Error(`the comment has ${body.length} characters; GitHub takes ${longest}`);
  return { line: found[0].trim(), body };
}

/**
 * The comment of a run that left none: its checkout, its installation or its runner failed. It replaces what an earlier run said.
 * @param {string} project
 * @param {{ head_sha: string, html_url?: string }} run
 */
function notReviewed(project, { head_sha: sha, html_url: url }) {
  const log = typeof url === "string" ? `[Its log](${url})` : "Its log";
  return [
    `<!-- platform-review: ${project} -->`,
    "## Infrastructure review",
    "",
    `**Commit ${String(sha).slice(0, 7)} was not reviewed**: the run ended before it wrote a comment, for example because its dependencies`,
    `could not be installed. ${log} says why.`,
    "",
  ].join("\n");
}

/**
 * Finds the open pull request whose head is the commit, and replaces its review comment or makes one. GitHub knows no pull
 * request of a fork by its commit, so it is looked for by the branch, which both kinds have.
 * @param {{ github: any, repo: { owner: string, repo: string }, run: any, body: string }} options
 *   `run` is the payload's `workflow_run`, GitHub's own record of what ran.
 * @returns {Promise<"created" | "updated" | "no pull request">}
 */
async function postReview({ github, repo, run, body: given }) {
  const { line, body } = validate(given);
  const headSha = run.head_sha;
  // GitHub names no repository for a fork that was deleted: all open pull requests are looked through then.
  const owner = run.head_repository?.owner?.login;
  const pulls = await github.paginate(github.rest.pulls.list, {
    ...repo,
    state: "open",
    ...(owner === undefined ? {} : { head: `${owner}:${run.head_branch}` }),
    per_page: 100,
  });
  const pull = pulls.find(({ state, head }) => state === "open" && head?.sha === headSha);
  if (pull === undefined) return "no pull request";
  const comments = await github.paginate(github.rest.issues.listComments, {
    ...repo,
    issue_number: pull.number,
    per_page: 100,
  });
  const own = comments.find(({ user, body: text }) => user?.type === "Bot" && text?.startsWith(line));
  if (own === undefined) {
    await github.rest.issues.createComment({ ...repo, issue_number: pull.number, body });
    return "created";
  }
  await github.rest.issues.updateComment({ ...repo, comment_id: own.id, body });
  return "updated";
}

module.exports = { notReviewed, postReview };
