import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { playerVariables } from "../../contracts/players";
import { serviceAddresses } from "../../contracts/services/addresses";
import { type Evaluation, evaluate, type PropertyMap, type RecordedResource, unwrapSecret } from "../engine";
import { replaceReferences, resourceHash } from "../engine/references";

const projectDir = join(__dirname, "..", "..");
const timeoutMs = 540_000;
const golden = (name: string) => readFileSync(join(__dirname, "golden", name), "utf8");
const run = (stack: string, config: Record<string, string> = {}) =>
  evaluate({ projectDir, stack, config, timeoutMs, outputs: "stand-in" });

const ofType = ({ resources }: Evaluation, type: string) => resources.filter((resource) => resource.type === type);
const named = ({ resources }: Evaluation, name: string): RecordedResource => {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, name);
  return found;
};
/** What a resource was told, JSON texts opened, and every output of another resource as `<its name.the output>`. */
function told(evaluation: Evaluation, name: string): string {
  const names = new Map(evaluation.resources.map((resource) => [resourceHash(resource.urn), resource.name]));
  const opened = Object.entries(named(evaluation, name).inputs).map(([key, value]) => [key, open(value)]);
  const text = JSON.stringify(Object.fromEntries(opened), null, 1);
  return `${replaceReferences(text, ({ resource, output }) => `<${names.get(resource)}.${output}>`)}\n`;
}
const open = (value: unknown): unknown =>
  typeof value === "string" && /^[[{]/.test(value) ? JSON.parse(value) : value;

const definition = "aws:ecs/taskDefinition:TaskDefinition";
const service = "aws:ecs/service:Service";
const egress = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

describe("the platform of prod", () => {
  let prod: Evaluation;
  before(async () => {
    prod = await run("prod");
  });

  it("declares at least 350 resources, none twice, and no warning", () => {
    const custom = prod.resources.filter((resource) => resource.custom);
    assert.ok(custom.length >= 350, String(custom.length));
    assert.equal(new Set(prod.resources.map(({ urn }) => urn)).size, prod.resources.length);
    assert.deepEqual(prod.diagnostics, []);
  });

  it("runs 22 services without a public address, rolled back when they fail, capacity left to the scaler", () => {
    const services = ofType(prod, service);
    assert.equal(services.length, 22);
    for (const { name, inputs, options } of services) {
      assert.equal((inputs.networkConfiguration as PropertyMap).assignPublicIp, false, name);
      assert.deepEqual(inputs.deploymentCircuitBreaker, { enable: true, rollback: true }, name);
      assert.deepEqual(options.ignoreChanges, ["desiredCount"], name);
    }
  });

  it("lets an answer of a model take its time between two services, which Service Connect ends after 15 s otherwise", () => {
    const limited = ofType(prod, service).flatMap(({ name, inputs }) => {
      const [connect] = ((inputs.serviceConnectConfiguration as PropertyMap).services ?? []) as PropertyMap[];
      return connect?.timeout === undefined ? [] : [[name, connect.timeout]];
    });
    const timeout = { idleTimeoutSeconds: 300, perRequestTimeoutSeconds: 300 };
    assert.deepEqual(limited, [
      ["ai-integration-service", timeout],
      ["ai-router-service", timeout],
    ]);
  });

  it("gives every service a security group, a task role, an execution role and a log group of its own", () => {
    const services = ofType(prod, service).map(({ name }) => name.replace(/-service$/, ""));
    for (const name of services) {
      for (const part of ["tasks", "task", "execution", "logs"]) named(prod, `${name}-${part}`);
      assert.equal(named(prod, `${name}-logs`).inputs.retentionInDays, 365);
    }
  });

  it("opens no port to the world but HTTPS of the edge, and lets nothing out but HTTPS and stated connections", () => {
    const open = [...ofType(prod, ingress), ...ofType(prod, egress)].filter(
      ({ inputs }) => inputs.cidrIpv4 === "0.0.0.0/0",
    );
    assert.deepEqual(
      open.filter(({ inputs }) => inputs.toPort !== 443).map(({ name }) => name),
      ["ue5-builder-http-out"],
    );
    assert.deepEqual(
      open.filter(({ type }) => type === ingress).map(({ name }) => name),
      ["edge-from-0-0-0-0-0"],
    );
    for (const { inputs, name } of ofType(prod, "aws:ec2/securityGroup:SecurityGroup")) {
      assert.deepEqual([inputs.ingress, inputs.egress], [undefined, undefined], name);
    }
  });

  it("has both ends of every connection, and only those of the catalogue", () => {
    const connections = ofType(prod, "game-ai-platform:network:Connection")
      .map(({ name }) => name)
      .sort();
    for (const name of connections) {
      assert.equal(named(prod, `${name}-out`).inputs.toPort, named(prod, `${name}-in`).inputs.toPort);
    }
    assert.equal(`${connections.join("\n")}\n`, golden("connections.txt"));
  });

  it("protects what holds data", () => {
    for (const name of ["database-postgres", "cache-valkey", "documents-bucket", "edge-load-balancer"]) {
      assert.equal(named(prod, name).options.protect, true, name);
    }
    const { inputs } = named(prod, "database-postgres");
    assert.deepEqual(
      [inputs.multiAz, inputs.backupRetentionPeriod, inputs.deletionProtection, inputs.skipFinalSnapshot],
      [true, 30, true, false],
    );
  });

  it("spreads three zones with a NAT gateway each, and no interface endpoint, because none pays", () => {
    assert.equal(ofType(prod, "aws:ec2/natGateway:NatGateway").length, 3);
    const endpoints = ofType(prod, "aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => inputs.serviceName);
    assert.deepEqual(endpoints.sort(), ["com.amazonaws.us-east-1.s3"]);
  });

  it("speaks TLS alone at the edge, behind a web ACL, with access logs", () => {
    const listener = named(prod, "edge-listener").inputs;
    assert.deepEqual(
      [listener.port, listener.protocol, listener.sslPolicy],
      [443, "HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06"],
    );
    assert.equal((named(prod, "edge-load-balancer").inputs.accessLogs as PropertyMap).enabled, true);
    named(prod, "edge-web-acl-association");
  });

  it("keeps secrets out of plain environments and reads only its own", () => {
    for (const { name } of ofType(prod, definition)) {
      assert.doesNotMatch(told(prod, name), /"name": "[A-Z_]*(PASSWORD|API_KEY|SECRET)",\s*"value":/, name);
    }
    const [statement] = JSON.parse(told(prod, "npc-behavior-execution-policy")).policy.Statement;
    assert.deepEqual(statement.Resource.sort(), [
      "<ai-integration-api-key-secret.arn>",
      "<knowledge-base-api-key-secret.arn>",
      "<npc-behavior-api-key-secret.arn>",
      "<state-manager-api-key-secret.arn>",
    ]);
  });

  it("writes the ai-router's task and its permissions as agreed", () => {
    assert.equal(told(prod, "ai-router-definition"), golden("ai-router-definition.json"));
    assert.equal(told(prod, "ai-router-task-policy"), golden("ai-router-policy.json"));
    assert.equal(told(prod, "weather-manager-task-policy"), golden("weather-manager-policy.json"));
  });

  it("has one topic of events, and sends a consumer the types that it hears, raw, with a dead-letter queue of its own", () => {
    const subscription = JSON.parse(told(prod, "weather-manager-events-subscription"));
    assert.deepEqual(subscription.filterPolicy, { type: [{ prefix: "time." }] });
    assert.deepEqual(
      [subscription.topic, subscription.endpoint, subscription.rawMessageDelivery],
      ["<game-events-topic.arn>", "<weather-manager-events-queue.arn>", true],
    );
    const { redrivePolicy } = JSON.parse(told(prod, "weather-manager-events-queue"));
    assert.deepEqual(redrivePolicy, {
      deadLetterTargetArn: "<weather-manager-events-dead-letters.arn>",
      maxReceiveCount: 5,
    });
    const { policy } = JSON.parse(told(prod, "weather-manager-events-queue-policy"));
    const allowed = policy.Statement.filter(({ Effect }: { Effect: string }) => Effect === "Allow");
    assert.deepEqual(allowed[0].Condition, { ArnEquals: { "aws:SourceArn": "<game-events-topic.arn>" } });
    assert.equal(allowed.length, 1);
  });
});

describe("the platform of dev, with an image of the knowledge base", () => {
  let dev: Evaluation;
  before(async () => {
    dev = await run("dev", { "game-ai-platform:services": JSON.stringify({ "knowledge-base": { image } }) });
  });
  const image = `123456789012.dkr.ecr.us-east-1.amazonaws.com/gaming/knowledge-base@sha256:${"a".repeat(64)}`;

  it("migrates before it serves, ingests in a task of its own and pulls from its own repository", () => {
    const { containerDefinitions } = JSON.parse(told(dev, "knowledge-base-definition"));
    assert.deepEqual(
      containerDefinitions.map(({ name, command, essential, dependsOn }: PropertyMap) => ({
        name,
        command,
        essential,
        dependsOn,
      })),
      [
        {
          name: "knowledge-base",
          command: undefined,
          essential: true,
          dependsOn: [{ condition: "SUCCESS", containerName: "migrate" }],
        },
        { name: "migrate", command: ["migrate"], essential: false, dependsOn: undefined },
      ],
    );
    assert.match(
      told(dev, "knowledge-base-execution-policy"),
      /arn:aws:ecr:us-east-1:123456789012:repository\/gaming\/knowledge-base"/,
    );
    assert.match(told(dev, "knowledge-base-ingest"), /"command": \[\s*"ingest"\s*\]/);
    assert.equal(
      dev.resources.some(({ name }) => name === "ai-router-ingest"),
      false,
    );
  });

  it("takes two zones, one NAT gateway and spot tasks in dev, and nothing is protected", () => {
    assert.equal(ofType(dev, "aws:ec2/natGateway:NatGateway").length, 1);
    assert.deepEqual(
      dev.resources.filter(({ options }) => options.protect).map(({ name }) => name),
      [],
    );
    for (const { inputs } of ofType(dev, service)) {
      assert.deepEqual(inputs.capacityProviderStrategies, [{ capacityProvider: "FARGATE_SPOT", base: 0, weight: 1 }]);
    }
  });
});

describe("the platform of short-lived stacks and of wrong config", () => {
  it("hands the issuer of players' tokens to every service that listens, by config alone", async () => {
    const players = { issuer: "https://id.example.com/studio", audience: "the-game" };
    const pr = await run("pr-7", { "game-ai-platform:players": JSON.stringify(players) });
    const environments = ofType(pr, "aws:ecs/taskDefinition:TaskDefinition").flatMap(({ inputs }) => {
      const containers = open(unwrapSecret(inputs.containerDefinitions ?? null)) as {
        name: string;
        environment?: { name: string; value: string }[];
      }[];
      return containers.map(({ name, environment = [] }) => ({
        name,
        issuer: environment.find((each) => each.name === playerVariables.issuer)?.value,
        audience: environment.find((each) => each.name === playerVariables.audience)?.value,
      }));
    });
    const told = environments.filter(({ issuer }) => issuer !== undefined);
    // The knowledge base's task for ingestion has its service's environment.
    const names = new Set(told.map(({ name }) => name).filter((name) => name !== "ingest"));
    assert.deepEqual([...names].sort(), Object.keys(serviceAddresses).sort());
    assert.ok(told.every(({ issuer, audience }) => issuer === players.issuer && audience === players.audience));
  });

  it("leaves nothing behind that a second stack of the same name would trip over", async () => {
    const pr = await run("pr-7");
    for (const { inputs, name } of ofType(pr, "aws:secretsmanager/secret:Secret")) {
      assert.equal(inputs.recoveryWindowInDays, 0, name);
    }
    for (const { inputs, name } of ofType(pr, "aws:s3/bucket:Bucket")) assert.equal(inputs.forceDestroy, true, name);
    assert.equal(named(pr, "database-postgres").inputs.skipFinalSnapshot, true);
    assert.deepEqual(ofType(pr, "aws:appautoscaling/target:Target"), []);
  });

  for (const [what, config, message] of [
    [
      "prod without a certificate",
      { "game-ai-platform:edge": "{}" },
      /edge\.certificate: nothing is not allowed; .*Pulumi\.prod\.yaml, key game-ai-platform:edge/,
    ],
    [
      "an issuer of players without TLS",
      { "game-ai-platform:players": '{"issuer":"http://id.example.com","audience":"a"}' },
      /players\.issuer: "http:\/\/id\.example\.com" is not allowed; allowed: an https:\/\/ address/,
    ],
    [
      "an image tag in prod",
      { "game-ai-platform:services": '{"router":{"image":"a:1"}}' },
      /services\.router\.image: "a:1" is not allowed; allowed: an image by digest/,
    ],
  ] as const) {
    it(`refuses ${what} in one line`, async () => {
      await assert.rejects(run("prod", config), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n\s+at /);
        return true;
      });
    });
  }
});

describe("the shared stack", () => {
  const options = {
    "game-ai-platform:ci": '{"repository":"studio/platform"}',
    "game-ai-platform:detectors": '{"guardDuty":true,"securityHub":true,"accessAnalyzer":true}',
    "game-ai-platform:domain": '{"name":"game.example.com","zoneId":"Z0123456789"}',
  };

  it("holds an image repository per service, and by option the CI roles, detectors and the certificate", async () => {
    const shared = await run("shared", options);
    const repositories = ofType(shared, "aws:ecr/repository:Repository");
    assert.equal(repositories.length, 22);
    assert.ok(repositories.every(({ inputs }) => inputs.imageTagMutability === "IMMUTABLE"));
    const roles = shared.resources.map(({ inputs }) => inputs.name).filter((name) => /^gaming-ci-/.test(String(name)));
    assert.deepEqual(roles.sort(), [
      "gaming-ci-build",
      "gaming-ci-deploy-dev",
      "gaming-ci-deploy-ephemeral",
      "gaming-ci-deploy-prod",
      "gaming-ci-plan",
      "gaming-ci-reap",
    ]);
    named(shared, "certificate-validation");
    named(shared, "certificate-arn-parameter");
    named(shared, "detectors-guard-duty");
  });

  it("makes none of them unasked", async () => {
    const shared = await run("shared");
    for (const type of [
      "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
      "aws:acm/certificate:Certificate",
      "aws:guardduty/detector:Detector",
    ]) {
      assert.deepEqual(ofType(shared, type), []);
    }
  });
});
