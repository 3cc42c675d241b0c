import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { ownerOf } from "./owner";

describe("the owner of an ephemeral stack", () => {
  const owner = (given: string | undefined, environment: NodeJS.ProcessEnv) => ownerOf(given, tmpdir(), environment);
  const workflow = { GITHUB_REPOSITORY: "studio/game" };

  it("is who is named, else the workflow's pull request, else its repository", () => {
    assert.equal(owner("ana@example.com", workflow), "ana@example.com");
    assert.equal(owner(undefined, { ...workflow, GITHUB_REF: "refs/pull/123/merge" }), "github:studio/game/pull/123");
    assert.equal(owner(undefined, { ...workflow, GITHUB_REF: "refs/heads/main" }), "github:studio/game");
  });

  for (const text of ["", "a<b>", "x".repeat(201), "a#b"]) {
    it(`is not ${JSON.stringify(text.slice(0, 20))}, which no tag can hold`, () =>
      assert.throws(() => owner(text, {}), /^InputError: owner: /));
  }
});
