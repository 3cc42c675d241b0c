import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { expectedLogTrafficGb } from "../catalog/usage";
import { Alerts } from "../components/alerts";
import { Bucket } from "../components/bucket";
import { Cache } from "../components/cache";
import { Cluster } from "../components/cluster";
import { Connection } from "../components/connection";
import { Database } from "../components/database";
import { DatabaseRoles } from "../components/database-roles";
import { databaseName } from "../components/database-roles-sql";
import { Edge } from "../components/edge";
import { EventTopic } from "../components/messaging";
import { Network } from "../components/network";
import { Ue5Builder } from "../components/ue5-builder";
import { ownRegistry } from "../contracts/own-archetypes";
import { ports } from "../contracts/ports";
import { sharedParameters } from "../contracts/shared-parameters";
import { platformTags, taggingProvider } from "./account";
import type { StackConfig } from "./config";
import { checkConfig } from "./config-checks";
import { gpuNodes } from "./gpu";
import { createMonitoring } from "./monitoring";
import type { ServiceSettings } from "./service-checks";
import { serviceSettings } from "./service-settings";
import { createServices } from "./services";
import { sharedParameter } from "./shared-parameter";

/** The platform of one environment or ephemeral stack, from the network up. */
export function platformStack(config: Exclude<StackConfig, { kind: "shared" }>) {
  const { settings, production, region } = config;
  checkConfig(settings, config);
  const services = serviceSettings(settings, config);
  const ephemeral = config.kind === "ephemeral";
  const opts = { provider: taggingProvider(config) };
  const accountId = aws.getCallerIdentityOutput({}, opts).accountId;
  const { logDays, capacity, architecture } = settings.compute;

  const logGroups = services.length + (settings.gpu ? 2 : 0);
  const expectedTrafficGb = {
    ...settings.network.expectedTrafficGb,
    logs: expectedLogTrafficGb(settings.usage?.logGb, logGroups, settings.network.zones),
  };
  const network = new Network("network", { ...settings.network, expectedTrafficGb, logDays }, opts);
  const inNetwork = { vpcId: network.vpcId, subnetIds: network.privateSubnetIds };
  const cluster = new Cluster("cluster", settings.compute, opts);
  const database = settings.database.enabled
    ? new Database("database", { ...inNetwork, ...settings.database, protect: production }, opts)
    : undefined;
  const cache = settings.cache.enabled ? createCache() : undefined;
  if (database) createDatabaseRoles(database);
  const documents = new Bucket(
    "documents",
    { oldVersionDays: 90, infrequentAfterDays: 90, protect: production, forceDestroy: ephemeral },
    opts,
  );
  const events = new EventTopic("game-events", opts);
  const alerts = new Alerts("alerts", { ...settings.monitoring, ownKey: settings.monitoring.alarms !== "none" }, opts);
  const alertsTopicArn = alerts.topicArns.ticket;
  const edge = createEdge();
  documents.logTo(edge.logs);
  const gpu =
    settings.gpu &&
    gpuNodes(
      {
        config: settings.gpu,
        ...config,
        registry: ownRegistry(settings, config.stack),
        ...inNetwork,
        alertsTopicArn,
        tags: platformTags(config),
      },
      opts,
    );
  if (settings.ue5Builder) createUe5Builder(settings.ue5Builder);
  const { services: made, queues } = createServices(
    services,
    {
      home: {
        ...inNetwork,
        clusterArn: cluster.arn,
        clusterName: cluster.clusterName,
        namespaceArn: cluster.namespaceArn,
        capacity,
        architecture,
        logDays,
      },
      region,
      accountId,
      edge,
      events,
      buckets: { documents },
      modelBucket: sharedParameter(sharedParameters.modelBucket, opts),
      database,
      cache,
      gpu,
      players: settings.players,
      secretRecoveryDays: ephemeral ? 0 : production ? 30 : 7,
    },
    opts,
  );
  createMonitoring(
    {
      settings: settings.monitoring,
      config,
      alerts,
      edge,
      certificateArn: typeof settings.edge.certificate === "string" ? edgeCertificate() : undefined,
      cluster,
      countsTasks: settings.compute.containerInsights !== "disabled",
      services: made,
      queues,
      database: database && { made: database, ...settings.database },
      cache,
      events,
      gpu,
      budgetUsd: settings.budget?.monthlyUsd,
    },
    opts,
  );
  return {
    vpcId: network.vpcId,
    clusterName: cluster.clusterName,
    databaseEndpoint: database?.endpoint,
    documentsBucket: documents.bucketName,
    alertsTopic: alertsTopicArn,
    eventQueues: Object.fromEntries(
      [...queues].map(([name, { queueUrl, deadLetterUrl }]) => [name, { queueUrl, deadLetterUrl }]),
    ),
    url: pulumi.interpolate`${settings.edge.certificate ? "https" : "http"}://${edge.dnsName}`,
  };

  function createUe5Builder(builder: NonNullable<typeof settings.ue5Builder>): void {
    const subnetId = network.privateSubnetIds.apply(([first]) => first!);
    const where = `Pulumi.${config.stack}.yaml, key game-ai-platform:ue5Builder`;
    new Ue5Builder("ue5-builder", { ...builder, vpcId: network.vpcId, subnetId, protect: production, where }, opts);
  }

  function createCache(): Cache {
    const users = services.filter(({ cache }) => cache).map(({ name }) => name);
    return new Cache("cache", { ...inNetwork, ...settings.cache, users, protect: production }, opts);
  }

  function createDatabaseRoles(database: Database): void {
    const roles = new DatabaseRoles(
      "database-roles",
      {
        ...inNetwork,
        clusterArn: cluster.arn,
        host: database.endpoint,
        masterSecretArn: database.masterSecretArn,
        databases: services.flatMap(serviceDatabase),
        logDays,
      },
      opts,
    );
    new Connection("database-roles-to-database", { from: roles, to: database, port: ports.postgres }, opts);
  }

  function edgeCertificate(): pulumi.Input<string> | undefined {
    const { certificate } = settings.edge;
    return certificate === "shared" ? sharedParameter(sharedParameters.certificate, opts) : certificate;
  }

  function createEdge(): Edge {
    return new Edge(
      "edge",
      {
        vpcId: network.vpcId,
        subnetIds: network.publicSubnetIds,
        ...settings.edge,
        certificateArn: edgeCertificate(),
        targets: services.flatMap(edgeTarget),
        logDays,
        protect: production,
        forceDestroy: ephemeral,
      },
      opts,
    );
  }
}

function serviceDatabase({ name, database }: ServiceSettings) {
  return database ? [{ name: databaseName(name), extensions: database.extensions, roles: database.roles }] : [];
}

function edgeTarget({ name, http, publicPaths, stopTimeout }: ServiceSettings) {
  if (!http || !publicPaths) return [];
  return [{ name, ...http, paths: publicPaths, drainSeconds: stopTimeout ?? 30 }];
}
