import { awsMetrics } from "../aws-metrics";
import { type AlarmDefinition, series, times } from "./definition";

const { database, cacheNode, queue, topic } = awsMetrics;
const GiB = 1024 ** 3;

export interface DatabaseFacts<Text> {
  readonly identifier: Text;
  /** GiB that storage may grow to by itself; autoscaling ends there. */
  readonly maxStorageGb: number;
  /** GiB of memory of its class; alarms that follow from it are left out where it is not known. */
  readonly memoryGb?: number;
}

/**
 * Connections that PostgreSQL of RDS takes: DBInstanceClassMemory / 9531392, at most 5000.
 * Source: RDS User Guide, "Maximum number of database connections". The class's memory less what the system takes is about 90 % of it.
 */
const maxConnections = (memoryGb: number): number => Math.min(5_000, Math.floor((memoryGb * 0.9 * GiB) / 9_531_392));

/** Connections above which somebody is told. */
export const connectionsAlarmedAt = (memoryGb: number): number => Math.floor(0.8 * maxConnections(memoryGb));

export function databaseAlarms<Text>({
  identifier,
  maxStorageGb,
  memoryGb,
}: DatabaseFacts<Text>): AlarmDefinition<Text>[] {
  const of = { DBInstanceIdentifier: identifier };
  const storage = 0.1 * maxStorageGb * GiB;
  const shared = {
    runbook: "database-pressure",
    severity: "ticket",
    periodSeconds: 60,
    missing: "notBreaching",
  } as const;
  const byMemory = (gb: number): AlarmDefinition<Text>[] => {
    const most = connectionsAlarmedAt(gb);
    const memory = 0.05 * gb * GiB;
    return [
      {
        ...shared,
        id: "database-connections",
        title: `More than 80 % of the database's connections are taken (${most})`,
        series: [series("connections", database.connections, of, "Maximum")],
        comparison: "GreaterThanThreshold",
        threshold: most,
        periods: 5,
        fires: { connections: times(5, most + 1) },
        quiet: [{ connections: times(5, most) }],
      },
      {
        ...shared,
        id: "database-memory",
        title: "The database has less than 5 % of its memory left",
        series: [series("free", database.freeMemory, of, "Minimum")],
        comparison: "LessThanThreshold",
        threshold: memory,
        periods: 10,
        fires: { free: times(10, memory - 1) },
        quiet: [{ free: times(10, memory) }],
      },
    ];
  };
  return [
    {
      id: "database-silent",
      runbook: "database-silent",
      severity: "page",
      title: "The database has reported nothing for five minutes: it is down, or nobody can tell",
      series: [series("connections", database.connections, of, "Average")],
      comparison: "LessThanThreshold",
      threshold: 0,
      periodSeconds: 60,
      periods: 5,
      missing: "breaching",
      fires: { connections: times(7, null) },
      quiet: [{ connections: [null, null, 3, null, null, null, null] }, { connections: times(5, 0) }],
    },
    {
      ...shared,
      id: "database-storage",
      runbook: "database-storage",
      severity: "page",
      title: `The database has less than 10 % of ${maxStorageGb} GiB left, and storage grows no further by itself`,
      series: [series("free", database.freeStorage, of, "Minimum")],
      comparison: "LessThanThreshold",
      threshold: storage,
      periods: 5,
      fires: { free: times(5, storage - 1) },
      quiet: [{ free: times(5, storage) }, { free: [storage, ...times(4, 1)] }],
    },
    ...(memoryGb === undefined ? [] : byMemory(memoryGb)),
    {
      ...shared,
      id: "database-cpu",
      title: "The database has been above 90 % CPU for 15 minutes",
      series: [series("cpu", database.cpu, of, "Average")],
      comparison: "GreaterThanThreshold",
      threshold: 90,
      periods: 15,
      fires: { cpu: times(15, 91) },
      quiet: [{ cpu: times(15, 90) }, { cpu: [10, ...times(14, 100)] }],
    },
    {
      ...shared,
      id: "database-transaction-ids",
      runbook: "database-transaction-ids",
      severity: "page",
      title: "Autovacuum does not keep up: a billion transaction ids are in use, and PostgreSQL stops at two",
      series: [series("ids", database.transactionIds, of, "Maximum")],
      comparison: "GreaterThanThreshold",
      threshold: 1e9,
      periods: 1,
      fires: { ids: [1e9 + 1] },
      quiet: [{ ids: [1e9] }, { ids: [null] }],
    },
  ];
}

/** Evictions and full memory are a cache's ordinary state (`allkeys-lru`); a busy engine is not. */
export function cacheNodeAlarm<Text>(node: number, clusterId: Text): AlarmDefinition<Text> {
  return {
    id: `cache-cpu-${node}`,
    runbook: "cache-cpu",
    severity: "ticket",
    title: `Node ${node} of the cache has been above 90 % of its one engine thread for 10 minutes`,
    series: [series("cpu", cacheNode.engineCpu, { CacheClusterId: clusterId }, "Average")],
    comparison: "GreaterThanThreshold",
    threshold: 90,
    periodSeconds: 60,
    periods: 10,
    missing: "notBreaching",
    fires: { cpu: times(10, 90.5) },
    quiet: [{ cpu: times(10, 90) }, { cpu: times(10, null) }],
  };
}

/** The queue of a consumer and what it gave up on. */
export function queueAlarms<Text>(consumer: string, queueName: Text, deadLetterName: Text): AlarmDefinition<Text>[] {
  return [
    {
      id: `${consumer}-events-late`,
      runbook: "events-late",
      severity: "ticket",
      title: `${consumer} is more than five minutes behind with its events`,
      series: [series("age", queue.oldest, { QueueName: queueName }, "Maximum")],
      comparison: "GreaterThanThreshold",
      threshold: 300,
      periodSeconds: 60,
      periods: 5,
      missing: "notBreaching",
      fires: { age: [301, 360, 420, 480, 540] },
      quiet: [{ age: times(5, 300) }, { age: times(5, null) }],
    },
    {
      id: `${consumer}-events-given-up`,
      runbook: "events-given-up",
      severity: "ticket",
      title: `${consumer} gave up on events: they wait in its dead-letter queue`,
      series: [series("waiting", queue.visible, { QueueName: deadLetterName }, "Maximum")],
      comparison: "GreaterThanThreshold",
      threshold: 0,
      periodSeconds: 60,
      periods: 1,
      missing: "notBreaching",
      fires: { waiting: [1] },
      quiet: [{ waiting: [0] }, { waiting: [null] }],
    },
  ];
}

export function topicAlarm<Text>(topicName: Text): AlarmDefinition<Text> {
  const of = { TopicName: topicName };
  return {
    id: "game-events-undelivered",
    runbook: "events-undelivered",
    severity: "ticket",
    title: "More than 1 % of the game's events do not reach a queue",
    series: [series("delivered", topic.delivered, of, "Sum"), series("failed", topic.failed, of, "Sum")],
    expression: "FILL(failed, 0) / (FILL(failed, 0) + FILL(delivered, 0))",
    comparison: "GreaterThanThreshold",
    threshold: 0.01,
    periodSeconds: 300,
    periods: 2,
    missing: "notBreaching",
    fires: { delivered: [989, 0], failed: [11, 4] },
    quiet: [
      { delivered: [99, 99], failed: [1, 1] },
      { delivered: [null, null], failed: [null, null] },
    ],
  };
}
