import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { notReviewed, postReview } = createRequire(__filename)("./post-comment.cjs") as {
  notReviewed(project: string, run: object): string;
  postReview(options: { github: unknown; repo: object; run: object; body: string }): Promise<string>;
};

interface Comment {
  id: number;
  user: { type: string };
  body: string;
}

/** A double of GitHub's client: two methods that list and two that write, paginated as octokit does. */
function githubDouble(pulls: object[], comments: Comment[]) {
  const written: string[] = [];
  const bodies: string[] = [];
  const asked: object[] = [];
  const rest = {
    pulls: { list: "pulls" },
    issues: {
      listComments: "comments",
      createComment: async ({ issue_number, body }: { issue_number: number; body: string }) => {
        written.push(`create on ${issue_number}`);
        bodies.push(body);
      },
      updateComment: async ({ comment_id }: { comment_id: number }) => void written.push(`update ${comment_id}`),
    },
  };
  const paginate = async (list: unknown, parameters: object) => {
    asked.push(parameters);
    return list === "pulls" ? pulls : comments;
  };
  return { github: { rest, paginate }, written, bodies, asked };
}

const body = "<!-- platform-review: game -->\n## Infrastructure review\n";
const open = { number: 7, state: "open", head: { sha: "abc" } };
const repo = { owner: "o", repo: "r" };
const run = { head_sha: "abc", head_branch: "topic", head_repository: { owner: { login: "forker" } } };

describe("posting the review", () => {
  it("makes a comment where there is none", async () => {
    const { github, written } = githubDouble([open], [{ id: 1, user: { type: "User" }, body: "hello" }]);
    assert.equal(await postReview({ github, repo, run, body }), "created");
    assert.deepEqual(written, ["create on 7"]);
  });

  it("replaces its own comment, however far down it stands, and nobody else's", async () => {
    const chatter = Array.from({ length: 250 }, (_, id) => ({ id, user: { type: "User" }, body }));
    const { github, written } = githubDouble(
      [open],
      [...chatter, { id: 999, user: { type: "Bot" }, body: `${body}old` }],
    );
    assert.equal(await postReview({ github, repo, run, body }), "updated");
    assert.deepEqual(written, ["update 999"]);
  });

  it("finds the pull request of a fork by its owner and branch", async () => {
    const { github, asked } = githubDouble([open], []);
    await postReview({ github, repo, run, body });
    assert.deepEqual(asked[0], { ...repo, state: "open", head: "forker:topic", per_page: 100 });
  });

  it("takes the force out of mentions that the artefact holds", async () => {
    const { github, bodies } = githubDouble([open], []);
    await postReview({ github, repo, run, body: `${body}hello @everyone and node@sha256:a` });
    assert.doesNotMatch(bodies[0]!, /@[A-Za-z0-9]/);
  });

  it("stays within GitHub's limit however many mentions a comment has", async () => {
    const { github, bodies } = githubDouble([open], []);
    const full = `${body}${"@a".repeat(32_000)}`;
    await postReview({ github, repo, run, body: full });
    assert.ok(bodies[0]!.length <= 65_536, String(bodies[0]!.length));
    assert.doesNotMatch(bodies[0]!, /@[A-Za-z0-9]/);
  });

  it("finds the pull request of a fork that was deleted by its commit alone", async () => {
    const { github, written, asked } = githubDouble([{ ...open, number: 6, head: { sha: "other" } }, open], []);
    assert.equal(await postReview({ github, repo, run: { ...run, head_repository: null }, body }), "created");
    assert.deepEqual(written, ["create on 7"]);
    assert.deepEqual(asked[0], { ...repo, state: "open", per_page: 100 });
  });

  it("replaces an old comment by one that says that nothing was reviewed", async () => {
    const old = { id: 5, user: { type: "Bot" }, body: `${body}old` };
    const { github, written } = githubDouble([open], [old]);
    const text = notReviewed("game", { head_sha: "abcdef0123", html_url: "https://github.example/run/1" });
    assert.match(text, /Commit abcdef0 was not reviewed.*\n.*https:\/\/github\.example\/run\/1/);
    assert.equal(await postReview({ github, repo, run, body: text }), "updated");
    assert.deepEqual(written, ["update 5"]);
  });

  it("writes nothing when the commit is no longer the head of an open pull request", async () => {
    const moved = { ...open, head: { sha: "def" } };
    const closed = { ...open, state: "closed" };
    const { github, written } = githubDouble([moved, closed], []);
    assert.equal(await postReview({ github, repo, run, body }), "no pull request");
    assert.deepEqual(written, []);
  });

  for (const [what, bad] of [
    ["has no marker", "## Infrastructure review"],
    ["has markup in the marker", "<!-- platform-review: x --><img src=x>\n"],
    ["is too long", body + "x".repeat(70_000)],
  ] as const) {
    it(`refuses an artefact that ${what}`, async () => {
      const { github, written } = githubDouble([open], []);
      await assert.rejects(postReview({ github, repo, run, body: bad }));
      assert.deepEqual(written, []);
    });
  }
});
