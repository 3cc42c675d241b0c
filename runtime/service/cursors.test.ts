import assert from "node:assert/strict";
import { cursorCodec } from "./cursors";

describe("cursors", () => {
  const codec = cursorCodec("secret");
  it("come back as they were made, for the same list only", () => {
    const made = codec.encode("documents", { at: "x", id: 7 });
    assert.deepEqual(codec.decode("documents", made), { at: "x", id: 7 });
    for (const wrong of [`${made}x`, made.replace(/^./, "A"), "", "a.b", codec.encode("worlds", { at: "x", id: 7 })]) {
      assert.throws(() => codec.decode("documents", wrong), /cursor/);
    }
    assert.throws(() => cursorCodec("other").decode("documents", made), /cursor/);
  });
});
