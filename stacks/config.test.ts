import assert from "node:assert/strict";
import { z } from "zod";
import { InputError } from "../contracts/input-error";
import { parseConfig } from "./config";

const schema = z.strictObject({
  network: z.strictObject({ cidr: z.cidrv4(), zones: z.int().min(2).max(3), nat: z.enum(["none", "single"]) }),
  services: z.record(z.string(), z.strictObject({ cpu: z.int().optional() })).optional(),
});
const good = { network: { cidr: "10.0.0.0/16", zones: 2, nat: "single" } };

function messageFor(given: unknown): string {
  try {
    parseConfig(schema, given, "prod");
  } catch (error) {
    if (InputError.isInstance(error)) return error.message;
    throw error;
  }
  return "accepted";
}

describe("config errors", () => {
  it("accepts what the schema allows", () => assert.deepEqual(parseConfig(schema, good, "prod"), good));

  for (const [what, given, message] of [
    [
      "an unknown key",
      { network: { ...good.network, zone: 2 } },
      "network.zone: 2 is not allowed; allowed: one of the keys cidr, zones, nat (set in Pulumi.prod.yaml, key game-ai-platform:network)",
    ],
    [
      "an unknown key inside a named entry",
      { ...good, services: { router: { cpus: 1 } } },
      "services.router.cpus: 1 is not allowed; allowed: one of the keys cpu (set in Pulumi.prod.yaml, key game-ai-platform:services)",
    ],
    [
      "a wrong type",
      { network: { ...good.network, zones: "2" } },
      'network.zones: "2" is not allowed; allowed: a value of type number (set in Pulumi.prod.yaml, key game-ai-platform:network)',
    ],
    [
      "a number out of range",
      { network: { ...good.network, zones: 4 } },
      "network.zones: 4 is not allowed; allowed: at most 3 (set in Pulumi.prod.yaml, key game-ai-platform:network)",
    ],
    [
      "a word that is not listed",
      { network: { ...good.network, nat: "two" } },
      'network.nat: "two" is not allowed; allowed: none, single (set in Pulumi.prod.yaml, key game-ai-platform:network)',
    ],
    [
      "a missing key",
      {},
      "network: nothing is not allowed; allowed: a map (set in Pulumi.prod.yaml, key game-ai-platform:network)",
    ],
  ] as const) {
    it(`names ${what}, its value, what is allowed and the file`, () => assert.equal(messageFor(given), message));
  }
});
