import assert from "node:assert/strict";
import { InputError } from "../contracts/input-error";
import { stackKind } from "./kind";

describe("stack kind", () => {
  for (const [stack, kind] of [
    ["shared", "shared"],
    ["dev", "environment"],
    ["prod", "environment"],
    ["pr-123", "ephemeral"],
    ["eph-ana-2", "ephemeral"],
  ] as const) {
    it(`takes ${stack} as ${kind}`, () => assert.equal(stackKind(stack), kind));
  }

  for (const stack of [
    "production",
    "staging",
    "pr-",
    "pr-A",
    "pr-1-",
    "eph-0123456789abcdefg",
    "prod-2",
    "xpr-1",
    "",
  ]) {
    it(`refuses ${JSON.stringify(stack)}, which no list allows`, () =>
      assert.throws(() => stackKind(stack), InputError));
  }
});
