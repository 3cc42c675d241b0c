import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(__dirname, "..", "..", ".github", "workflows");
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

describe("the workflows", () => {
  for (const { name, text } of workflows) {
    it(`${name} pins every action by commit and says its version, and never runs two of a kind at once`, () => {
      const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action!);
      assert.deepEqual(
        uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
        [],
      );
      assert.match(text, /^concurrency:\n {2}group: /m);
    });
  }

  it("unpack the artefact of a pull request outside of the checkout that the script comes from", () => {
    const { text } = workflows.find(({ name }) => name === "review-comment.yml")!;
    const download = text.slice(text.indexOf("uses: actions/download-artifact"));
    assert.match(download, /path: \$\{\{ runner\.temp \}\}\/review/);
  });
});
