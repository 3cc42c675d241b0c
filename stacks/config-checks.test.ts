import assert from "node:assert/strict";
import { checkConfig } from "./config-checks";
import type { PlatformConfig } from "./config-schema";
import { ephemeralDefaults } from "./ephemeral";

const dev = { stack: "dev", production: false, kind: "environment" } as const;
const prod = { stack: "prod", production: true, kind: "environment" } as const;
const pr = { stack: "pr-7", production: false, kind: "ephemeral" } as const;
const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b";
const base: PlatformConfig = ephemeralDefaults;

const message = (changes: Partial<PlatformConfig>, stack: Parameters<typeof checkConfig>[1] = dev): string => {
  try {
    checkConfig({ ...base, ...changes }, stack);
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

describe("config checks", () => {
  it("accept the defaults of an ephemeral stack, and prod with a certificate", () => {
    assert.equal(message({}), "accepted");
    assert.equal(message({ edge: { ...base.edge, certificate, allowedCidrs: ["0.0.0.0/0"] } }, prod), "accepted");
  });

  it("give a life to an ephemeral stack alone", () => {
    const lifetime = { expiresAt: "2026-11-27T12:00:00Z", owner: "ana" };
    assert.equal(message({ lifetime }, pr), "accepted");
    assert.match(
      message({ lifetime }),
      /^lifetime: .* allowed: nothing: only an ephemeral stack has one \(set in Pulumi\.dev\.yaml/,
    );
  });

  it("refuse prod without a certificate", () => {
    assert.equal(
      message({}, prod),
      "edge.certificate: nothing is not allowed; allowed: `shared` or the ARN of an ACM certificate; prod has no plain HTTP (set in Pulumi.prod.yaml, key game-ai-platform:edge)",
    );
  });

  it("open plain HTTP to listed networks only", () => {
    assert.equal(message({ edge: { ...base.edge, allowedCidrs: ["203.0.113.0/24"] } }), "accepted");
    assert.equal(
      message({ edge: { ...base.edge, allowedCidrs: ["203.0.113.0/24", "0.0.0.0/0"] } }),
      'edge.allowedCidrs[1]: "0.0.0.0/0" is not allowed; allowed: listed networks only while edge.certificate is not set (set in Pulumi.dev.yaml, key game-ai-platform:edge)',
    );
  });

  const refused: [string, Partial<PlatformConfig>, RegExp][] = [
    [
      "a network that is too small",
      { network: { ...base.network, cidr: "10.0.0.0/24" } },
      /^network\.cidr: "10\.0\.0\.0\/24" is not allowed; allowed: a prefix from \/16 to \/21.*\(set in Pulumi\.dev\.yaml, key game-ai-platform:network\)$/,
    ],
    [
      "a network that meets another",
      { network: { ...base.network, reserved: ["10.30.128.0/20"] } },
      /^network\.cidr: "10\.30\.0\.0\/16" is not allowed; allowed: a range that does not overlap 10\.30\.128\.0\/20/,
    ],
    [
      "PostgreSQL without a safe pgvector",
      { database: { ...base.database, engineVersion: "17.7" } },
      /^database\.engineVersion: "17\.7" is not allowed; allowed: 14\.23, .*for pgvector 0\.8\.2/,
    ],
    [
      "storage that shrinks",
      { database: { ...base.database, storageGb: 100 } },
      /^database\.maxStorageGb: 20 is not allowed; allowed: at least database\.storageGb, 100/,
    ],
    [
      "a monitoring interval that RDS has not",
      { database: { ...base.database, monitoringSeconds: 20 } },
      /^database\.monitoringSeconds: 20 is not allowed/,
    ],
    [
      "one cache node in several zones",
      { cache: { ...base.cache, multiAz: true } },
      /^cache\.nodes: 1 is not allowed; allowed: at least 2 nodes with multiAz/,
    ],
    [
      "a Valkey version that ElastiCache has not",
      { cache: { ...base.cache, version: "7.0" } },
      /^cache\.version: "7\.0" is not allowed/,
    ],
    [
      "a log retention that CloudWatch has not",
      { compute: { ...base.compute, logDays: 10 } },
      /^compute\.logDays: 10 is not allowed; allowed: 1, 3, 5, 7, 14/,
    ],
  ];
  for (const [what, changes, expected] of refused) {
    it(`refuse ${what}`, () => assert.match(message(changes), expected));
  }

  it("ask nothing of a database or cache that is off", () => {
    assert.equal(message({ database: { ...base.database, enabled: false, engineVersion: "12.1" } }), "accepted");
    assert.equal(message({ cache: { ...base.cache, enabled: false, version: "1.0" } }), "accepted");
  });
});
