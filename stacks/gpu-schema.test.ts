import assert from "node:assert/strict";
import { z } from "zod";
import { InputError } from "../contracts/input-error";
import { parseConfig } from "./config";
import { gpuSchema } from "./gpu-schema";

const schema = z.strictObject({ gpu: gpuSchema });
const good = { gold: { min: 1, max: 50, onDemandPercentage: 30 } };

function messageFor(gold: object): string {
  try {
    parseConfig(schema, { gpu: { gold: { ...good.gold, ...gold } } }, "prod");
  } catch (error) {
    if (InputError.isInstance(error)) return error.message;
    throw error;
  }
  return "accepted";
}

describe("config of the GPU tiers", () => {
  it("takes a tier that says its bounds and no more", () => {
    assert.deepEqual(parseConfig(schema, { gpu: { silver: { min: 0, max: 2 } } }, "dev"), {
      gpu: { silver: { min: 0, max: 2 } },
    });
  });

  it("takes each policy switched off, and a request rate only with its target", () => {
    const off = { enabled: false };
    assert.equal(messageFor({ gpuUtilization: off, memoryPressure: off, queueDepth: off }), "accepted");
    assert.equal(messageFor({ requestRate: { target: 342, scaleIn: false } }), "accepted");
    assert.match(
      messageFor({ requestRate: {} }),
      /^gpu\.gold\.requestRate\.target: .* is not allowed; allowed: a value of type number/,
    );
    assert.match(
      messageFor({ gpuUtilization: { off: true } }),
      /^gpu\.gold\.gpuUtilization\.off: .*one of the keys enabled, target, scaleIn/,
    );
  });

  const place = "(set in Pulumi.prod.yaml, key game-ai-platform:gpu)";
  for (const [what, gold, message] of [
    [
      "a spot share above everything",
      { onDemandPercentage: 101 },
      `gpu.gold.onDemandPercentage: 101 is not allowed; allowed: at most 100 ${place}`,
    ],
    [
      "a spot share below nothing",
      { onDemandPercentage: -1 },
      `gpu.gold.onDemandPercentage: -1 is not allowed; allowed: at least 0 ${place}`,
    ],
    [
      "a metric period that no policy takes",
      { metricPeriod: 5 },
      `gpu.gold.metricPeriod: 5 is not allowed; allowed: 10, 60 ${place}`,
    ],
    [
      "a warm pool that hibernates",
      { warmPool: { state: "hibernated" } },
      `gpu.gold.warmPool.state: "hibernated" is not allowed; allowed: stopped, running ${place}`,
    ],
    ["half a node", { min: 0.5 }, /^gpu\.gold\.min: 0\.5 is not allowed/],
    ["a word where a number belongs", { max: "many" }, /^gpu\.gold\.max: "many" is not allowed/],
  ] as const) {
    it(`names the key of ${what}`, () =>
      typeof message === "string" ? assert.equal(messageFor(gold), message) : assert.match(messageFor(gold), message));
  }
});
