import * as pulumi from "@pulumi/pulumi";
import { classMemoryGb } from "../catalog/rds";
import { Alarms } from "../components/alarms";
import type { Alerts } from "../components/alerts";
import { Budget } from "../components/budget";
import type { Cache } from "../components/cache";
import type { Cluster } from "../components/cluster";
import { Dashboards } from "../components/dashboards";
import type { Database } from "../components/database";
import type { Edge } from "../components/edge";
import type { EventQueue, EventTopic } from "../components/messaging";
import { Notices } from "../components/notices";
import type { Service } from "../components/service";
import { allAlarms, essentialAlarms, type Watched } from "../contracts/alarms/all";
import type { Definitions } from "../contracts/alarms/definition";
import { gpuTiers } from "../contracts/archetypes";
import { dashboards } from "../contracts/dashboards/all";
import { notices } from "../contracts/notices";
import type { StackConfig } from "./config";
import type { MonitoringSettings } from "./config-schema";
import type { GpuNodes } from "./gpu";

type Text = pulumi.Input<string>;

/** What there is to watch, and how closely. */
export interface MonitoringArgs {
  readonly settings: MonitoringSettings;
  readonly config: Pick<StackConfig, "stack" | "production" | "region">;
  readonly alerts: Alerts;
  readonly edge: Edge;
  readonly certificateArn?: Text;
  readonly cluster: Cluster;
  /** True where the cluster has Container Insights. */
  readonly countsTasks: boolean;
  readonly services: ReadonlyMap<string, Service>;
  readonly queues: ReadonlyMap<string, EventQueue>;
  readonly database?: { readonly made: Database; readonly instanceClass: string; readonly maxStorageGb: number };
  readonly cache?: Cache;
  readonly events: EventTopic;
  readonly gpu?: GpuNodes;
  readonly budgetUsd?: number;
}

/** Declares alarms, notices, dashboards and the budget of an environment, as far as its config asks for them. */
export function createMonitoring(args: MonitoringArgs, opts: pulumi.ComponentResourceOptions): void {
  const { settings, config, alerts } = args;
  const { topicArns } = alerts;
  const watched = watch(args);
  const declared = definitions(settings.alarms, watched);
  const alarms = new Alarms("alarms", { ...declared, topicArns }, opts);
  if (settings.alarms === "all") {
    new Notices("notices", { notices: notices(noticed(args, watched)), topicArns }, opts);
    if (args.budgetUsd !== undefined) {
      new Budget("budget", { monthlyUsd: args.budgetUsd, stack: config.stack, topicArn: topicArns.ticket }, opts);
    }
  }
  if (settings.dashboards) {
    const targets = Object.fromEntries(
      gpuTiers.flatMap((tier) => {
        const made = args.gpu?.tiers[tier]?.settings;
        if (made === undefined) return [];
        const { gpuUtilization, memoryPressure, queueDepth, requestRate } = made;
        return [
          [
            tier,
            {
              gpuUtilization: gpuUtilization?.target,
              memoryPressure: memoryPressure?.target,
              queueDepth: queueDepth?.target,
              requestsPerNode: requestRate?.target,
            },
          ],
        ];
      }),
    );
    new Dashboards(
      "dashboards",
      {
        dashboards: dashboards({ ...watched, targets, declared, budgetUsd: args.budgetUsd }),
        region: config.region,
        alarmArn: (id) => alarms.arn(id),
      },
      opts,
    );
  }
}

function definitions(which: MonitoringSettings["alarms"], watched: Watched<Text>): Definitions<Text> {
  switch (which) {
    case "none":
      return { alarms: [], composites: [] };
    case "essential":
      return essentialAlarms(watched);
    case "all":
      return allAlarms(watched);
  }
}

function watch(args: MonitoringArgs): Watched<Text> {
  const { edge, cluster, gpu, database } = args;
  return {
    loadBalancer: edge.arnSuffix,
    certificate: args.certificateArn,
    cluster: cluster.clusterName,
    countsTasks: args.countsTasks,
    services: [...args.services].map(([name, service]) => {
      const queue = args.queues.get(name);
      return {
        name,
        serviceName: service.serviceName,
        targetGroup: edge.target(name)?.arnSuffix,
        queue: queue && { name: queue.queueName, deadLetters: queue.deadLetterName },
      };
    }),
    database: database && {
      identifier: database.made.identifier,
      maxStorageGb: database.maxStorageGb,
      memoryGb: classMemoryGb(database.instanceClass),
    },
    cacheNodes: args.cache?.nodeIds ?? [],
    eventTopic: args.events.topicName,
    tiers: gpuTiers.flatMap((tier) => {
      const made = gpu?.tiers[tier];
      if (gpu === undefined || made === undefined) return [];
      const { max, readyTimeoutSeconds } = made.settings;
      const { groupName: group, targetGroupSuffix: targetGroup } = made;
      return [{ tier, group, loadBalancer: gpu.loadBalancer.arnSuffix, targetGroup, max, readyTimeoutSeconds }];
    }),
  };
}

function noticed({ cluster, database, config }: MonitoringArgs, watched: Watched<Text>) {
  return {
    clusterArn: cluster.arn,
    servicesOfCluster: pulumi.interpolate`arn:aws:ecs:*:*:service/${cluster.clusterName}/*`,
    spot: watched.tiers.length > 0,
    databaseArn: database?.made.arn,
    images: config.production,
  };
}
