import assert from "node:assert/strict";
import fc from "fast-check";
import { environments, ephemeralName } from "../../contracts/stack-names";
import { checkName, nameOfBranch } from "./names";

describe("names of ephemeral stacks", () => {
  for (const name of [
    "dev",
    "prod",
    "shared",
    "production",
    "pr-",
    "pr-1-",
    "eph-0123456789abcdefg",
    "PR-1",
    "xpr-1",
    "pr-1/../prod",
    "",
  ]) {
    it(`are not ${JSON.stringify(name)}`, () =>
      assert.throws(() => checkName(name), /^InputError: name: .* not allowed/));
  }

  it("come from a branch as it is, where it is short and plain", () => {
    assert.equal(nameOfBranch("dragon-voices"), "eph-dragon-voices");
    assert.equal(nameOfBranch("x"), "eph-x");
  });

  it("carry a hash of a branch that had to be changed, so that two do not meet", () => {
    const [one, two, three] = ["feature/Dragon", "feature/dragon", "feature-dragon"].map(nameOfBranch);
    assert.equal(one, "eph-feature-d-".slice(0, 13) + one!.slice(13));
    assert.equal(new Set([one, two, three]).size, 3);
    assert.equal(nameOfBranch("feature/Dragon"), one);
  });

  it("are legal and short-lived for any branch of any fork", () => {
    const branch = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom(...environments, "shared", "../../prod", "prod\n", "-", "ö"),
    );
    fc.assert(
      fc.property(
        branch.filter((text) => text.trim() !== ""),
        (text) => {
          const name = nameOfBranch(text);
          assert.match(name, ephemeralName);
          assert.equal(checkName(name), name);
        },
      ),
    );
  });

  it("need a branch", () => assert.throws(() => nameOfBranch(" "), /branch: " " is not allowed/));
});
