import assert from "node:assert/strict";
import type { RecordedResource } from "../engine/types";
import { secret, unknownValue } from "../engine/values";
import { stateOfEvaluation } from "../plan/states";
import { evaluation, record } from "../plan/testing";
import { simulationCharts } from "./charts";
import { renderPage } from "./page";

const gateway = record("aws:ec2/natGateway:NatGateway", "nat", {});
const page = (resources: readonly RecordedResource[], charts: readonly { title: string; svg: string }[] = []): string =>
  renderPage({ state: stateOfEvaluation(evaluation(resources)), findings: [], charts, today: "2026-12-01" });

/** What the page's script reads. */
const dataOf = (html: string) =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!) as {
    resources: { name: string; inputs: object }[];
    players: { players: number; total: { expected: number } }[];
    bill: { total: { expected: number } };
  };

describe("the report page", () => {
  it("asks for nothing: no address but the name of SVG, and a policy that forbids the rest", () => {
    const html = page([gateway]);
    const addresses = html.match(/https?:\/\/[^"' )<]+/g) ?? [];
    assert.deepEqual([...new Set(addresses)], ["http://www.w3.org/2000/svg"]);
    assert.match(html, /default-src 'none'/);
  });

  it("shows no secret, says what is known later, and lets no value become markup", () => {
    const bad = "</script><img src=x onerror=alert(1)>";
    const parameter = record("aws:ssm/parameter:Parameter", "p", {
      value: secret("hush"),
      arn: unknownValue,
      note: bad,
    });
    const html = page([parameter]);
    assert.doesNotMatch(html, /hush|<img/);
    const { inputs } = dataOf(html).resources.find(({ name }) => name === "p")!;
    assert.deepEqual(inputs, { value: "[secret]", arn: "known after apply", note: bad });
  });

  it("has a bill for every place of the slider, up to the last row of the player table", () => {
    const { players, bill } = dataOf(page([gateway]));
    assert.equal(players.at(-1)!.players, 10_000);
    assert.ok(
      players.every(({ total }) => total.expected === bill.total.expected),
      "no GPU group, so no difference",
    );
  });

  it("holds the charts it is given, and says why there are none", async () => {
    assert.deepEqual(await simulationCharts(evaluation([gateway]), "daily"), []);
    assert.match(page([gateway]), /No scaling policy is declared/);
    assert.match(
      page([gateway], [{ title: "Gold & co", svg: "<svg></svg>" }]),
      /Gold &amp; co<\/figcaption><svg><\/svg>/,
    );
  });
});
