import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsError, awsCall, queryText, valuesOf } from "./aws-call";

describe("calls to AWS", () => {
  it("flatten lists and objects as the query protocol has them, EC2 without the word member", () => {
    const parameters = { Action: "X", Tags: [{ Key: "a b", Value: "1" }], Names: ["n", "m"], Left: undefined };
    assert.equal(
      queryText(parameters, false),
      "Action=X&Tags.member.1.Key=a+b&Tags.member.1.Value=1&Names.member.1=n&Names.member.2=m",
    );
    assert.equal(queryText(parameters, true), "Action=X&Tags.1.Key=a+b&Tags.1.Value=1&Names.1=n&Names.2=m");
  });

  it("read elements of XML by name, with their entities", () => {
    assert.deepEqual(valuesOf("<r><Key>a&amp;b</Key><KeyX>no</KeyX><Key></Key><Key/><Key>c</Key></r>", "Key"), [
      "a&b",
      "",
      "",
      "c",
    ]);
  });

  /** Answers each call with the next of the given answers. */
  async function against(answers: readonly [number, string][], tries?: number) {
    let count = 0;
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        const [status, text] = answers[Math.min(count, answers.length - 1)]!;
        count += 1;
        response.writeHead(status).end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const aws = awsCall({ region: "us-east-1", endpoint, credentials, ...(tries === undefined ? {} : { tries }) });
    return { aws, count: () => count, close: () => server.close() };
  }

  for (const [what, status, text, code] of [
    [
      "an XML service",
      400,
      "<Response><Error><Code>DependencyViolation</Code><Message>used</Message></Error></Response>",
      "DependencyViolation",
    ],
    [
      "a JSON service",
      400,
      '{"__type":"com.amazonaws.ecs#ClusterNotFoundException","message":"no"}',
      "ClusterNotFoundException",
    ],
    ["a page of a proxy", 403, "<html>no</html>", "HTTP 403"],
  ] as const) {
    it(`say by which code ${what} refuses`, async () => {
      const { aws, close, count } = await against([[status, text]]);
      await assert.rejects(aws.xml("ec2", "DeleteVpc"), (error) => error instanceof AwsError && error.code === code);
      assert.equal(count(), 1);
      close();
    });
  }

  it("are made again when AWS throttles them or fails, a few times", async () => {
    const throttled: [number, string] = [400, "<Error><Code>RequestLimitExceeded</Code></Error>"];
    const good = await against([throttled, [503, ""], [200, "<ok>1</ok>"]]);
    assert.equal(await good.aws.xml("ec2", "DescribeVpcs"), "<ok>1</ok>");
    assert.equal(good.count(), 3);
    good.close();
    const bad = await against([throttled], 2);
    await assert.rejects(bad.aws.xml("ec2", "DescribeVpcs"), /RequestLimitExceeded/);
    assert.equal(bad.count(), 2);
    bad.close();
  });
});
