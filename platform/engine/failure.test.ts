import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { EvaluationError } from "./errors";
import { evaluate } from "./evaluate";
import { readError } from "./failure";

const failures = join(__dirname, "fixtures", "failures");

async function failureOf(name: string, timeoutMs = 100_000): Promise<EvaluationError> {
  try {
    await evaluate({ projectDir: join(failures, name), stack: "test", timeoutMs });
  } catch (error) {
    if (EvaluationError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("the program did not fail");
}

describe("a program that fails", () => {
  const told: Record<string, string> = {
    thrown: "index.ts:2:9: TypeError: the zone is missing",
    rejected: "index.ts:5:9: nobody handles this",
    "in-apply": "index.ts:4:9: value 1 is bad",
    "input-error": "network.zones: 4 is not allowed; allowed: at most 3",
    duplicate:
      "index.ts:4:1: Duplicate resource URN 'urn:pulumi:test::failures::random:index/randomPet:RandomPet::name'; try giving it a unique name",
    "missing-module": "index.js: Cannot find module './not-there'",
    exits: "index.ts:4:9: the program called process.exit(0) before it was complete",
    "never-resolves":
      "the program ended while it still waited for a value that never came (a promise or output that nothing resolves)",
    "unknown-invoke":
      "the invoke aws:ec2/getKeyPair:getKeyPair has no offline answer; give one under `invokes` in offline-answers.yaml (docs/engine.md)",
    "unknown-component":
      'index.ts:3:1: the remote component awsx:ecr:RegistryImage ("web") cannot be expanded offline; give its outputs under `components` in offline-answers.yaml (docs/engine.md)',
    "wrong-type":
      'index.ts:5:1: shop:Thing "thing": the type is not allowed; a custom resource\'s has the form package:module:Name',
    "refused-check": 'index.ts:10:1: pulumi-nodejs:dynamic:Resource "door": port: 70000 is not a port',
    "transform-throws": 'index.ts:3:1: random:index/randomPet:RandomPet "name": transform failed: Error: no such name',
  };
  for (const [name, message] of Object.entries(told)) {
    it(`${name} ends in one message`, async () => assert.equal((await failureOf(name)).message, message));
  }

  it("missing-asset ends in one message that names the file", async () => {
    const { message } = await failureOf("missing-asset");
    assert.match(
      message,
      /^index\.ts:4:1: aws:s3\/bucketObjectv2:BucketObjectv2 "page": source: there is no file [^\n]*no-such-page\.html/,
    );
  });

  it("that loops for ever is stopped and told so", async () => {
    const error = await failureOf("endless", 5_000);
    assert.equal(error.failure, "timeout");
    assert.match(error.message, /did not end within 5 s/);
  });

  it("that keeps running leaves nothing behind, not even what it started", async () => {
    assert.equal((await failureOf("keeps-running", 10_000)).failure, "timeout");
    const running = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
    assert.doesNotMatch(running, /^sleep 98765$/m);
  });
});

describe("reading an error's text", () => {
  const root = join("/", "project");

  it("finds the place that esbuild names", () => {
    const text =
      'Error: Transform failed with 1 error:\n/project/a.ts:3:5: ERROR: Unexpected "}"\n    at failureErrorWithLog';
    assert.deepEqual(readError(text, root), { message: 'syntax error: Unexpected "}"', place: "a.ts:3:5" });
  });

  it("finds the place that TypeScript names", () => {
    const text =
      "TSError: ⨯ Unable to compile TypeScript:\nlib/a.ts(7,3): error TS2322: Type 'string' is not assignable.";
    assert.deepEqual(readError(text, root), {
      message: "TS2322: Type 'string' is not assignable.",
      place: "lib/a.ts:7:3",
    });
  });

  it("takes the first frame that is the user's own", () => {
    const text =
      "Error: bad\n    at f (/project/node_modules/x/y.js:1:2)\n    at g (/project/b.ts:9:1)\n    at h (/project/c.ts:1:1)";
    assert.deepEqual(readError(text, root), { message: "bad", place: "b.ts:9:1" });
  });
});
