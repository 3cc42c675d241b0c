import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { listPolicies } from "../list";
import { decisionsFor, rejected } from "./checkov";
import { terraformTypes } from "./terraform-types";

describe("Checkov's checks of the program's resource types", () => {
  const decisions = decisionsFor(Object.keys(terraformTypes));

  it("are each covered by a rule or rejected with a reason, never both", () => {
    assert.ok(decisions.length > 100, `${decisions.length} checks`);
    for (const { id, rule, rejected: reason } of decisions) {
      assert.notEqual(rule === undefined, reason === undefined, `${id}: rule ${rule}, rejected: ${reason}`);
    }
  });

  it("are rejected only where the program's types trigger them", () => {
    const triggered = new Set(decisions.map(({ id }) => id));
    assert.deepEqual(
      Object.keys(rejected).filter((id) => !triggered.has(id)),
      [],
    );
  });

  it("stand on docs/rules.md as the data has them", () => {
    const page = readFileSync(resolve(join(__dirname, "..", "..", "docs", "rules.md")), "utf8");
    assert.equal(page, listPolicies(), "npm run --silent policies > docs/rules.md");
  });
});
