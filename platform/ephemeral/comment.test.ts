import assert from "node:assert/strict";

interface Comments {
  stackComment(options: { name: string; up?: string; down?: string; run: string }): string;
  postStack(options: { github: unknown; repo: object; number: number; body: string }): Promise<string>;
}
const { postStack, stackComment } = require("./comment.cjs") as Comments;

const run = "https://github.com/studio/game/actions/runs/1";
const body = (up?: object | string, down?: object | string) => {
  const text = (value: object | string | undefined) => (typeof value === "object" ? JSON.stringify(value) : value);
  return stackComment({ name: "pr-7", up: text(up), down: text(down), run });
};

describe("the comment of an ephemeral stack", () => {
  const came = { name: "pr-7", outcome: "up", expiresAt: "2026-11-27T20:00:00Z", url: "http://edge.example.com" };

  it("says where it is and how long it lives", () => {
    const text = body(came);
    assert.match(
      text,
      /^<!-- platform-ephemeral -->\n## Ephemeral stack\n\n`pr-7` is up until \*\*2026-11-27T20:00:00Z\*\*\./,
    );
    assert.match(text, /^Edge: http:\/\/edge\.example\.com$/m);
  });

  it("says that it is gone, or what remains", () => {
    assert.match(body(undefined, { state: "removed", remaining: 0 }), /`pr-7` is gone, with everything/);
    assert.match(body(undefined, { state: "removed", remaining: 3 }), /3 resources remain/);
  });

  it("sends to the run where a report is missing, broken, or of a failure", () => {
    for (const up of [undefined, "", "not json", "null", { outcome: "failed" }]) {
      assert.match(body(up), /did not get through: \[the run\]\(https:\/\/github\.com/);
    }
  });

  it("holds nothing that a pull request's code could write into it", () => {
    const hostile = {
      ...came,
      url: "http://x.com) @everyone [click](javascript:alert(1)",
      expiresAt: "<img src=x> @studio/admins",
    };
    const text = body(hostile);
    for (const part of ["@everyone", "javascript", "<img", "@studio"]) assert.ok(!text.includes(part), part);
    assert.throws(() => stackComment({ name: "pr-7 @x", run }), /not that of a pull request/);
  });

  it("replaces its own earlier one, on whichever page it is", async () => {
    const calls: object[] = [];
    const github = (comments: object[]) => ({
      paginate: async () => comments,
      rest: {
        issues: {
          listComments: {},
          createComment: async (given: object) => void calls.push({ create: given }),
          updateComment: async (given: object) => void calls.push({ update: given }),
        },
      },
    });
    const text = body(came);
    const foreign = { id: 1, user: { type: "User" }, body: text };
    const own = { id: 2, user: { type: "Bot" }, body: text };
    assert.equal(await postStack({ github: github([foreign]), repo: {}, number: 7, body: text }), "created");
    assert.equal(await postStack({ github: github([foreign, own]), repo: {}, number: 7, body: text }), "updated");
    assert.deepEqual(calls, [{ create: { issue_number: 7, body: text } }, { update: { comment_id: 2, body: text } }]);
  });
});
