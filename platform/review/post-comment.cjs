// Posts or updates the review comment on a pull request. Plain JavaScript without dependencies, because the workflow that may
// write comments runs this file alone.

const marker = /^<!-- platform-review: [\w.-]{1,100} -->\n/;
/** GitHub's limit on a comment. */
const longest = 65_536;

/**
 * Checks that what the untrusted job left is a review comment, and takes the force out of mentions of people and teams.
 * @param {string} given
 * @returns {{ line: string, body: string }} the marker line, and the text to post
 */
function validate(given) {
  const found = marker.exec(given);
  if (found === null) throw new Error("the artefact is not a review comment: its first line is not the marker");
  const body = given.replace(/@(?=[A-Za-z0-9])/g, "@\u200b");
  if (body.length > longest) throw new Error(`the comment has ${body.length} characters; GitHub takes ${longest}`);
  return { line: found[0].trim(), body };
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
  const pulls = await github.paginate(github.rest.pulls.list, {
    ...repo,
    state: "open",
    head: `${run.head_repository.owner.login}:${run.head_branch}`,
    per_page: 100,
  });
  const pull = pulls.find(({ state, head }) => state === "open" && head.sha === headSha);
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

module.exports = { postReview };
