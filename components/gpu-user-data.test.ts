import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "../contracts/input-error";
import { nodeEnvironment } from "./gpu-node-environment";
import { resolveTier } from "./gpu-settings";
import { gpuUserData, userDataLimit } from "./gpu-user-data";

const environment = (tier: "gold" | "silver") =>
  nodeEnvironment({
    settings: resolveTier(tier, { min: 1, max: 50 }),
    modelBucket: "gaming-shared-models-0123456789",
    logGroup: "/gaming-prod-gpu-logs-0123456789",
    region: "us-east-1",
  });

describe("user data of a GPU node", () => {
  for (const tier of ["gold", "silver"] as const) {
    it(`of ${tier} is the golden text`, () => {
      const golden = readFileSync(join(__dirname, "golden", `user-data-${tier}.sh`), "utf8");
      assert.equal(gpuUserData(environment(tier)), golden);
    });
  }

  it("stays far below EC2's limit", () => {
    assert.ok(Buffer.byteLength(gpuUserData(environment("silver"))) < userDataLimit / 8);
  });

  it("says which variable holds what an environment file cannot", () => {
    for (const value of ["two words", 'a"b', "a$b", "a\nB=1", "a'b", "a\\b", "a#b"]) {
      assert.throws(
        () => gpuUserData({ NAME: value }),
        (error) => InputError.isInstance(error) && /environment\.NAME/.test(error.message),
      );
    }
    assert.throws(() => gpuUserData({ "lower-case": "1" }), InputError);
  });

  it("refuses settings above the limit", () => {
    assert.throws(() => gpuUserData({ LONG: "x".repeat(userDataLimit) }), /user data.*16384 bytes/);
  });

  it("does not depend on the order of the settings, and holds no line but them and its own", () => {
    const names = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);
    const values = fc.stringMatching(/^[A-Za-z0-9_.,:/@%+=-]{0,20}$/);
    fc.assert(
      fc.property(fc.dictionary(names, values), (settings) => {
        const text = gpuUserData(settings);
        const reversed = Object.fromEntries(Object.entries(settings).reverse());
        assert.equal(gpuUserData(reversed), text);
        assert.equal(text.split("\n").length, Object.keys(settings).length + 9);
      }),
    );
  });
});
