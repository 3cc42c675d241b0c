import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate } from "./evaluate";
import { OfflineAnswers } from "./offline-answers";
import { unknownValue } from "./values";

const fixture = join(__dirname, "fixtures", "answers");

describe("offline-answers.yaml", function () {
  this.timeout(60_000);

  it("answers invokes by their arguments, and remote components by their outputs", async () => {
    const { outputs, resources, diagnostics } = await evaluate({ projectDir: fixture, stack: "test" });
    assert.deepEqual(outputs, {
      fingerprints: ["11:11", "22:22"],
      keyId: unknownValue,
      pushed: "registry/web:latest",
      vpcId: "vpc-1",
      publicSubnetIds: ["subnet-1"],
      privateSubnetIds: ["subnet-2"],
    });
    assert.ok(resources.some(({ type }) => type === "awsx:ecr:RegistryImage"));
    assert.deepEqual(
      diagnostics.map(({ message }) => message),
      [
        'awsx:ecr:RegistryImage "web" has its outputs from offline-answers.yaml: its children are not in this preview, nor in its cost',
      ],
    );
  });

  const malformed: Record<string, string> = {
    "calls: {}": "calls is not known; allowed: invokes, components",
    "invokes: {a:b:c: {}}": "invokes.a:b:c needs a list of answers, each with `result` and maybe `args`",
    "invokes: {a:b:c: [{args: {}}]}": "invokes.a:b:c[0] needs a map under `result`",
    "invokes: {a:b:c: [{args: 1, result: {}}]}": "invokes.a:b:c[0].args needs a map",
    "components: {a:b:c: {}}": "components.a:b:c needs a map under `outputs`",
    "components: []": "components needs a map of tokens",
  };
  for (const [text, message] of Object.entries(malformed)) {
    it(`with ${text} is refused in one line`, () => {
      const folder = mkdtempSync(join(tmpdir(), "offline-answers-"));
      try {
        writeFileSync(join(folder, "offline-answers.yaml"), text);
        assert.throws(() => OfflineAnswers.read(folder), { message: `offline-answers.yaml: ${message}` });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
