import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import { AnalyzeRequest, type AnalyzeResponse, AnalyzerResourceOptions } from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** Asks the pack the way Pulumi's CLI does: over gRPC, one resource at a time. */
describe("policy pack under Pulumi's own runner", () => {
  let pack: ChildProcess;
  let client: AnalyzerClient;

  before(async () => {
    const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    pack = spawn(process.execPath, [runner, "127.0.0.1:1", "."], {
      cwd: __dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(pack.stdout!, "data")) as [Buffer];
    client = new AnalyzerClient(`127.0.0.1:${port.toString().trim()}`, credentials.createInsecure());
  });

  after(async () => {
    client.close();
    pack.kill();
    await once(pack, "exit");
  });

  async function analyze(stack: string, type: string, name: string, props: Record<string, unknown>) {
    const request = new AnalyzeRequest();
    request.setType(type);
    request.setName(name);
    request.setUrn(`urn:pulumi:${stack}::game-ai-platform::${type}::${name}`);
    request.setProperties(Struct.fromJavaScript(props as Parameters<typeof Struct.fromJavaScript>[0]));
    request.setOptions(new AnalyzerResourceOptions());
    const call = promisify<AnalyzeRequest, AnalyzeResponse>(client.analyze.bind(client));
    const response = await call(request);
    return response.getDiagnosticsList().map((d) => ({ rule: d.getPolicyname(), message: d.getMessage() }));
  }

  it("reports a rule that is broken, with what to change", async () => {
    const found = await analyze("prod", "aws:ec2/instance:Instance", "builder", {
      disableApiTermination: true,
      ebsOptimized: true,
      iamInstanceProfile: "node",
      metadataOptions: { httpTokens: "optional" },
      monitoring: true,
      rootBlockDevice: { encrypted: true },
    });
    assert.deepEqual(
      found.map(({ rule }) => rule),
      ["CKV_AWS_79"],
    );
    assert.match(found[0]!.message, /metadataOptions.httpTokens is "optional", not required/);
  });

  it("honours the exceptions by stack", async () => {
    const props = { kmsKeyId: "key", retentionInDays: 30 };
    const rulesIn = async (stack: string) =>
      (await analyze(stack, "aws:cloudwatch/logGroup:LogGroup", "web-logs", props)).map(({ rule }) => rule);
    assert.deepEqual(await rulesIn("prod"), ["CKV_AWS_338"]);
    assert.deepEqual(await rulesIn("dev"), []);
  });
});
