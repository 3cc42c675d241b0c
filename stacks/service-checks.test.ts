import assert from "node:assert/strict";
import type { PlatformConfig } from "./config-schema";
import { ephemeralDefaults } from "./ephemeral";
import { serviceCatalogue, serviceNames } from "./service-catalogue";
import { checkServices, type ServiceSettings, type StackOffer } from "./service-checks";
import { serviceSettings } from "./service-settings";

const dev = { stack: "dev", production: false };
const prod = { stack: "prod", production: true };
const config = (changes: Partial<PlatformConfig> = {}): PlatformConfig => ({ ...ephemeralDefaults, ...changes });
const offer: StackOffer = { ...dev, database: true, cache: true };
const digest = `repository@sha256:${"0".repeat(64)}`;

const service = (name: string, changes: Partial<ServiceSettings> = {}): ServiceSettings => ({
  name,
  summary: "",
  source: "elsewhere",
  http: { port: 8000, healthPath: "/health" },
  cpu: 256,
  memory: 512,
  tasks: { min: 1, max: 2 },
  configured: [],
  ...changes,
});
const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

describe("service catalogue", () => {
  it("holds the 22 services, two of which have no listener", () => {
    assert.equal(serviceNames.length, 22);
    const workers = serviceNames.filter((name) => !("http" in serviceCatalogue[name]));
    assert.deepEqual(workers, ["storyteller", "ue-version-monitor"]);
  });

  it("gives databases and caches to exactly the services that use them", () => {
    const having = (key: string) => serviceNames.filter((name) => key in serviceCatalogue[name]);
    assert.deepEqual(having("database"), [
      "ai-integration",
      "ai-router",
      "capability-registry",
      "environmental-narrative",
      "knowledge-base",
      "model-management",
      "npc-behavior",
      "orchestration",
      "quest-system",
      "settings",
      "state-manager",
      "story-teller",
      "world-state",
    ]);
    assert.deepEqual(having("cache"), [
      "ai-router",
      "event-bus",
      "npc-behavior",
      "orchestration",
      "quest-system",
      "settings",
      "state-manager",
      "story-teller",
      "world-state",
    ]);
  });

  it("passes its own checks in every mode", () => {
    for (const tasks of ["single", "minimal", "catalogue"] as const) {
      const compute = { ...ephemeralDefaults.compute, tasks };
      assert.equal(serviceSettings(config({ compute }), prod).length, 22);
    }
  });
});

describe("service settings", () => {
  it("lay config over the catalogue", () => {
    const services = { router: { cpu: 512, memory: 2048, environment: { A: "1" } }, storyteller: { enabled: false } };
    const settings = serviceSettings(config({ services }), dev);
    const router = settings.find(({ name }) => name === "router")!;
    assert.deepEqual([router.cpu, router.memory, router.environment], [512, 2048, { A: "1" }]);
    assert.ok(!settings.some(({ name }) => name === "storyteller"));
  });

  for (const [what, services, stack, expected] of [
    [
      "an impossible pair of cpu and memory",
      { router: { memory: 4096 } },
      dev,
      "services.router.memory: 4096 is not allowed; allowed: memory of 512, 1024, 2048 MiB with cpu 256 (set in Pulumi.dev.yaml, key game-ai-platform:services)",
    ],
    [
      "a tag instead of a digest in prod",
      { router: { image: "repository:1" } },
      prod,
      'services.router.image: "repository:1" is not allowed; allowed: an image by digest, REPOSITORY@sha256:64 hexadecimal digits (set in Pulumi.prod.yaml, key game-ai-platform:services)',
    ],
    ["a tag in dev", { router: { image: "repository:1" } }, dev, "accepted"],
    ["a digest in prod", { router: { image: digest } }, prod, "accepted"],
    [
      "a command without an image",
      { router: { command: ["run"] } },
      dev,
      'services.router.command: ["run"] is not allowed; allowed: a command together with an image (set in Pulumi.dev.yaml, key game-ai-platform:services)',
    ],
    [
      "a minimum above the maximum",
      { router: { tasks: { min: 3, max: 2 } } },
      dev,
      'services.router.tasks: {"min":3,"max":2} is not allowed; allowed: a min that is at most max (set in Pulumi.dev.yaml, key game-ai-platform:services)',
    ],
  ] as const) {
    it(`judge ${what}`, () => {
      assert.equal(
        message(() => serviceSettings(config({ services: { ...services } as PlatformConfig["services"] }), stack)),
        expected,
      );
    });
  }

  it("refuse a service that is in no catalogue, naming those that are", () => {
    assert.match(
      message(() => serviceSettings(config({ services: { chat: { cpu: 256 } } }), dev)),
      /^services\.chat: \{"cpu":256\} is not allowed; allowed: changes to ai-integration, ai-router, .* \(set in Pulumi\.dev\.yaml, key game-ai-platform:services\)$/,
    );
  });

  it("refuse to leave out what others call or need", () => {
    assert.match(
      message(() => serviceSettings(config({ services: { "capability-registry": { enabled: false } } }), dev)),
      /^services\.storyteller\.calls: "capability-registry" is not allowed; allowed: a service of this stack that listens: /,
    );
    assert.equal(
      message(() => serviceSettings(config({ database: { ...ephemeralDefaults.database, enabled: false } }), dev)),
      "database.enabled: false is not allowed; allowed: true, since ai-integration needs it; or services.ai-integration.enabled: false (set in Pulumi.dev.yaml, key game-ai-platform:database)",
    );
    assert.match(
      message(() => serviceSettings(config({ cache: { ...ephemeralDefaults.cache, enabled: false } }), dev)),
      /^cache\.enabled: false is not allowed; allowed: true, since ai-router needs it/,
    );
  });
});

describe("service checks", () => {
  it("find a cycle of permissions over several services", () => {
    const services = [service("a", { calls: ["b"] }), service("b", { calls: ["c"] }), service("c", { calls: ["b"] })];
    assert.equal(
      message(() => checkServices(services, offer)),
      'services.b.calls: "b -> c -> b" is not allowed; allowed: calls without a cycle (set in stacks/service-catalogue.ts)',
    );
  });

  it("take two ways to the same service for no cycle", () => {
    const services = [service("a", { calls: ["b", "c"] }), service("b", { calls: ["c"] }), service("c")];
    assert.equal(
      message(() => checkServices(services, offer)),
      "accepted",
    );
  });

  it("refuse calls to a worker and one public path of two owners", () => {
    assert.match(
      message(() => checkServices([service("a", { calls: ["w"] }), service("w", { http: undefined })], offer)),
      /^services\.a\.calls: "w" is not allowed; allowed: a service of this stack that listens: a/,
    );
    assert.match(
      message(() =>
        checkServices([service("a", { publicPaths: ["/x/*"] }), service("b", { publicPaths: ["/x/*"] })], offer),
      ),
      /^services\.b\.publicPaths: "\/x\/\*" is not allowed; allowed: a path that no other service has; a has it/,
    );
  });
});
