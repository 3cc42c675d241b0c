import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceImages } from "./list";
import { pinImages } from "./pin";

const { judgeScan } = require("./scan.cjs") as { judgeScan(answer: object): { state: string; lines: string[] } };

describe("images of services", () => {
  let build: string;
  beforeEach(() => {
    build = mkdtempSync(join(tmpdir(), "images-"));
    for (const service of ["ai-router", "weather-manager", "not-a-service"]) {
      mkdirSync(join(build, service, "migrations"), { recursive: true });
      writeFileSync(join(build, service, "service.cjs"), service);
    }
  });
  afterEach(() => rmSync(build, { recursive: true }));
  const tags = () => Object.fromEntries(serviceImages(build).map(({ service, tag }) => [service, tag]));

  it("are those that the bundler wrote a folder of, with the arguments of the Dockerfile", () => {
    assert.deepEqual(
      serviceImages(build).map(({ tag, ...image }) => ({ ...image, tag: /^[0-9a-f]{16}$/.test(tag) })),
      [
        { service: "ai-router", port: 8010, healthPath: "/health", nodeFlags: "--max-semi-space-size=1", tag: true },
        { service: "weather-manager", port: 8000, healthPath: "/api/weather/health", nodeFlags: "", tag: true },
      ],
    );
  });

  it("have another tag when anything in them is another, and only then", () => {
    const before = tags();
    assert.deepEqual(tags(), before);
    writeFileSync(join(build, "ai-router", "migrations", "0001_x.sql"), "select 1");
    const after = tags();
    assert.notEqual(after["ai-router"], before["ai-router"]);
    assert.equal(after["weather-manager"], before["weather-manager"]);
  });

  const digest = `123456789012.dkr.ecr.us-east-1.amazonaws.com/gaming/ai-router@sha256:${"a1".repeat(32)}`;

  it("are pinned in a stack's config by their digests; the rest of it stays, to the comment", () => {
    const config = `# Cheap.\nconfig:\n  game-ai-platform:network:\n    cidr: 10.20.0.0/16 # a range\n`;
    const pinned = pinImages(config, { "ai-router": digest });
    assert.equal(pinned, `${config}  game-ai-platform:services:\n    ai-router:\n      image: ${digest}\n`);
    assert.equal(pinImages(pinned, { "ai-router": digest }), pinned);
  });

  it("are not pinned by a tag", () => {
    assert.throws(
      () => pinImages("config: {}\n", { "ai-router": "x/gaming/ai-router:latest" }),
      /^InputError: ai-router: /,
    );
  });

  for (const [what, answer, state] of [
    ["no scan yet", {}, "waiting"],
    ["a running scan", { imageScanStatus: { status: "IN_PROGRESS" } }, "waiting"],
    ["a failed scan", { imageScanStatus: { status: "FAILED" } }, "refused"],
    [
      "a high finding",
      {
        imageScanStatus: { status: "COMPLETE" },
        imageScanFindings: { findings: [{ severity: "HIGH", name: "CVE-1" }] },
      },
      "clean",
    ],
    [
      "a critical finding",
      {
        imageScanStatus: { status: "COMPLETE" },
        imageScanFindings: { findings: [{ severity: "CRITICAL", name: "CVE-2" }] },
      },
      "refused",
    ],
  ] as const) {
    it(`are ${state} with ${what}`, () => assert.equal(judgeScan(answer).state, state));
  }
});
