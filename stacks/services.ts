import * as pulumi from "@pulumi/pulumi";
import type { Bucket } from "../components/bucket";
import type { Cache } from "../components/cache";
import { Connection } from "../components/connection";
import type { Database } from "../components/database";
import { databaseName } from "../components/database-roles-sql";
import type { Edge } from "../components/edge";
import { EventQueue, type EventTopic } from "../components/messaging";
import type { Statement } from "../components/policy";
import { Secret } from "../components/secret";
import { Service, type ServiceHome } from "../components/service";
import type { SecretValue } from "../components/service-roles";
import { stubCommand, stubImage, stubUser } from "../components/stub-server";
import type { GpuTier } from "../contracts/archetypes";
import { eventVariables } from "../contracts/events/define";
import { playerVariables } from "../contracts/players";
import { ports, tierListenerPorts } from "../contracts/ports";
import { variableStem } from "../contracts/services/addresses";
import type { PlayerSettings } from "./config-schema";
import type { GpuNodes } from "./gpu";
import { type ExternalSecret, externalSecrets } from "./service-catalogue";
import type { ServiceSettings } from "./service-checks";

/** What the stack has made for its services to use. */
export interface ServiceSurroundings {
  readonly home: ServiceHome;
  readonly region: string;
  readonly accountId: pulumi.Input<string>;
  readonly edge: Edge;
  readonly events: EventTopic;
  readonly buckets: { readonly documents: Bucket };
  readonly modelBucket: pulumi.Input<string>;
  readonly database?: Database;
  readonly cache?: Cache;
  readonly gpu?: GpuNodes;
  /** The issuer of players' tokens. */
  readonly players?: PlayerSettings;
  /** Days in which a deleted secret can be brought back; 0 deletes at once. */
  readonly secretRecoveryDays: number;
}

/** Services by name, and the queues of those that hear events. */
export interface MadeServices {
  readonly services: ReadonlyMap<string, Service>;
  readonly queues: ReadonlyMap<string, EventQueue>;
}

/** Makes every service with what it needs, and opens exactly the connections that the catalogue states. */
export function createServices(
  all: readonly ServiceSettings[],
  around: ServiceSurroundings,
  opts: pulumi.ComponentResourceOptions,
): MadeServices {
  const { database, cache, edge } = around;
  const recoveryDays = around.secretRecoveryDays;
  const apiKeys = new Map(all.filter(({ http }) => http).map(({ name }) => [name, createApiKey(name)]));
  const external = new Map(neededSecrets().map((secret) => [secret, createExternal(secret)]));
  const queues = new Map(all.flatMap(createQueue));
  const services = new Map(all.map((settings) => [settings.name, createService(settings)]));
  for (const settings of all) connect(settings);
  return { services, queues };

  function createApiKey(name: string): Secret {
    return new Secret(
      `${name}-api-key`,
      { description: `Key that callers of ${name} send`, value: "generated", recoveryDays },
      opts,
    );
  }

  function createExternal(secret: ExternalSecret): Secret {
    const name = `external-${externalSecrets[secret].toLowerCase().replaceAll("_", "-")}`;
    return new Secret(
      name,
      { description: `${externalSecrets[secret]}, supplied by a person`, value: "supplied", recoveryDays },
      opts,
    );
  }

  function createQueue({ name, events }: ServiceSettings): [string, EventQueue][] {
    if (events?.hears === undefined) return [];
    const { topicArn } = around.events;
    return [[name, new EventQueue(`${name}-events`, { topicArn, types: events.hears }, opts)]];
  }

  function neededSecrets(): ExternalSecret[] {
    return [...new Set(all.flatMap(({ secrets = [] }) => secrets))].sort();
  }

  function createService(settings: ServiceSettings): Service {
    const { name, http } = settings;
    const stub = settings.image === undefined;
    return new Service(
      name,
      {
        home: around.home,
        image: settings.image ?? stubImage,
        command: stub ? stubCommand({ service: name, ...http }) : settings.command,
        user: stub ? stubUser : undefined,
        cpu: settings.cpu,
        memory: settings.memory,
        http: http && { ...http, healthCommand: settings.healthCommand },
        tasks: settings.tasks,
        environment: environmentOf(settings),
        secrets: secretsOf(settings),
        statements: statementsOf(settings),
        migrate: !stub && settings.database?.migrates ? ["migrate"] : undefined,
        oneOff: settings.oneOff,
        target: edge.target(name),
        stopTimeout: settings.stopTimeout,
      },
      opts,
    );
  }

  function environmentOf(settings: ServiceSettings): Record<string, pulumi.Input<string>> {
    const { name, http, events } = settings;
    return {
      AWS_REGION: around.region,
      SERVICE_NAME: name,
      // Programs listen on loopback unless they are told otherwise; a task has an address of its own.
      ...(http && { HOST: "0.0.0.0", PORT: String(http.port) }),
      ...(database && settings.database && databaseEnvironment(database, settings)),
      ...(cache && settings.cache && cacheEnvironment(cache, name)),
      ...(events?.publishes && { [eventVariables.topic]: around.events.topicArn }),
      ...(events?.hears && { [eventVariables.queue]: queues.get(name)!.queueUrl }),
      ...(settings.buckets?.documents && { DOCUMENTS_BUCKET: around.buckets.documents.bucketName }),
      ...(settings.buckets?.models && { MODELS_BUCKET: around.modelBucket }),
      ...Object.fromEntries(tiersOf(settings).map((tier) => [`${variableStem(tier)}_URL`, tierUrl(tier)])),
      // The dimension under which the waiting requests of a tier are published: they wake its group.
      ...Object.fromEntries(
        tiersOf(settings).map((tier) => [`${variableStem(tier)}_GROUP`, around.gpu!.tiers[tier]!.groupName]),
      ),
      ...Object.fromEntries((settings.calls ?? []).map((callee) => [`${variableStem(callee)}_URL`, urlOf(callee)])),
      ...(http && playerEnvironment(around.players)),
      ...settings.environment,
    };
  }

  function databaseEnvironment({ endpoint }: Database, { name, database: needs }: ServiceSettings) {
    const owner = databaseName(name);
    return {
      DB_HOST: endpoint,
      DB_NAME: owner,
      DB_PORT: String(ports.postgres),
      DB_TLS: "on",
      DB_USER: needs?.migrates ? (needs.roles[0] ?? owner) : owner,
      ...(needs?.migrates && { DB_OWNER: owner }),
    };
  }

  function cacheEnvironment(cache: Cache, name: string) {
    return {
      // What an IAM token is signed for.
      REDIS_CACHE_NAME: cache.cacheName,
      REDIS_HOST: cache.endpoint,
      REDIS_KEY_PREFIX: `${name}:`,
      REDIS_PORT: String(ports.valkey),
      REDIS_TLS: "on",
      REDIS_USERNAME: cache.user(name).name,
    };
  }

  function secretsOf({ name, http, calls = [], secrets = [] }: ServiceSettings): Record<string, SecretValue> {
    return {
      ...(http && { API_KEY: { arn: apiKeys.get(name)!.arn } }),
      ...Object.fromEntries(
        calls.map((callee) => [`${variableStem(callee)}_API_KEY`, { arn: apiKeys.get(callee)!.arn }]),
      ),
      ...Object.fromEntries(secrets.map((secret) => [externalSecrets[secret], { arn: external.get(secret)!.arn }])),
    };
  }

  function statementsOf(settings: ServiceSettings): Statement[] {
    return serviceStatements(settings, around, queues.get(settings.name));
  }

  function tiersOf({ tiers = [] }: ServiceSettings): readonly GpuTier[] {
    return tiers.filter((tier) => around.gpu?.tiers[tier] !== undefined);
  }

  function tierUrl(tier: GpuTier): pulumi.Output<string> {
    return pulumi.interpolate`http://${around.gpu!.loadBalancer.dnsName}:${tierListenerPorts[tier]}`;
  }

  function urlOf(callee: string): string {
    return `http://${callee}:${all.find(({ name }) => name === callee)!.http!.port}`;
  }

  function connect(settings: ServiceSettings): void {
    const from = services.get(settings.name)!;
    for (const callee of settings.calls ?? []) {
      const to = services.get(callee)!;
      const { port } = all.find(({ name }) => name === callee)!.http!;
      new Connection(`${settings.name}-to-${callee}`, { from, to, port }, opts);
    }
    if (database && settings.database) {
      new Connection(`${settings.name}-to-database`, { from, to: database, port: ports.postgres }, opts);
    }
    if (cache && settings.cache) {
      new Connection(`${settings.name}-to-cache`, { from, to: cache, port: ports.valkey }, opts);
    }
    for (const tier of tiersOf(settings)) {
      const port = tierListenerPorts[tier];
      new Connection(`${settings.name}-to-${tier}`, { from, to: around.gpu!.loadBalancer, port }, opts);
    }
    if (settings.publicPaths && settings.http) {
      new Connection(`edge-to-${settings.name}`, { from: edge, to: from, port: settings.http.port }, opts);
    }
  }
}

/** Where a service finds the issuer of tokens; nothing without one. */
function playerEnvironment(players: PlayerSettings | undefined): Record<string, string> {
  const given = Object.entries(players ?? {}) as [keyof PlayerSettings, string | undefined][];
  return Object.fromEntries(
    given.flatMap(([name, value]) => (value === undefined ? [] : [[playerVariables[name], value]])),
  );
}

/** What a service's own code may do in AWS, resource by resource. */
function serviceStatements(
  settings: ServiceSettings,
  around: ServiceSurroundings,
  queue: EventQueue | undefined,
): Statement[] {
  const { region, accountId, events, buckets, modelBucket } = around;
  const statements: Statement[] = [];
  if (around.database && settings.database) {
    const users = settings.database.migrates
      ? [databaseName(settings.name), ...settings.database.roles]
      : [databaseName(settings.name)];
    const { resourceId } = around.database;
    statements.push({
      sid: "ConnectToDatabase",
      actions: ["rds-db:connect"],
      resources: users
        .sort()
        .map((user) => pulumi.interpolate`arn:aws:rds-db:${region}:${accountId}:dbuser:${resourceId}/${user}`),
    });
  }
  if (around.cache && settings.cache) {
    statements.push({
      sid: "ConnectToCache",
      actions: ["elasticache:Connect"],
      resources: [around.cache.arn, around.cache.user(settings.name).arn],
    });
  }
  if (settings.events?.publishes) {
    statements.push({ sid: "PublishEvents", actions: ["sns:Publish"], resources: [events.topicArn] });
  }
  if (queue) {
    statements.push({
      sid: "HearEvents",
      actions: ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
      resources: [queue.queueArn],
    });
  }
  if (settings.buckets?.documents) {
    statements.push(...bucketStatements("Documents", buckets.documents.arn, settings.buckets.documents));
  }
  if (settings.buckets?.models) {
    statements.push(
      ...bucketStatements("Models", pulumi.interpolate`arn:aws:s3:::${modelBucket}`, settings.buckets.models),
    );
  }
  if (settings.bedrockModels) {
    statements.push({
      sid: "InvokeModels",
      actions: ["bedrock:InvokeModel"],
      resources: settings.bedrockModels.map((model) => `arn:aws:bedrock:${region}::foundation-model/${model}`),
    });
  }
  if (settings.metricNamespaces) {
    statements.push({
      sid: "PublishMetrics",
      actions: ["cloudwatch:PutMetricData"],
      resources: ["*"],
      conditions: { StringEquals: { "cloudwatch:namespace": [...settings.metricNamespaces] } },
    });
  }
  return statements;
}

function bucketStatements(name: string, arn: pulumi.Input<string>, access: "read" | "read-write"): Statement[] {
  const write = access === "read-write" ? ["s3:AbortMultipartUpload", "s3:PutObject"] : [];
  return [
    { sid: `List${name}`, actions: ["s3:ListBucket"], resources: [arn] },
    { sid: `Use${name}`, actions: ["s3:GetObject", ...write], resources: [pulumi.interpolate`${arn}/*`] },
  ];
}
