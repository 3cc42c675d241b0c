import { badName, type LimitProblem, type NameLimit, notOneOf, outside, type Range } from "./problem";

/** Versions of Valkey that ElastiCache runs. Source: ElastiCache User Guide, supported engines; cfn-lint 1.58. */
export const valkeyVersions = ["7.2", "8.0", "8.1", "8.2", "9.0", "9.1"] as const;

/** Values of a replication group. Source: ElastiCache API reference, CreateReplicationGroup. */
export const elasticacheLimits = {
  nodes: { min: 1, max: 6 },
  snapshotDays: { min: 0, max: 35, unit: "days" },
} as const satisfies Record<string, Range>;

const words = "lower-case letters, digits, hyphens; a letter first, no double hyphen, no hyphen last";
/** Names. Source: ElastiCache API reference, CreateReplicationGroup, CreateUser. */
export const elasticacheNames = {
  replicationGroup: { max: 40, pattern: /^[a-z](?!.*--)(?:[a-z0-9-]*[a-z0-9])?$/, words },
  user: { max: 40, pattern: /^[a-z](?!.*--)(?:[a-z0-9-]*[a-z0-9])?$/, words },
} as const satisfies Record<string, NameLimit>;

/** The problem of a Valkey version. */
export const valkeyVersionProblem = (version: string): LimitProblem | undefined =>
  notOneOf<string>(version, valkeyVersions);

/** The problem of a number of nodes, and of one that cannot fail over although it must. */
export function cacheNodesProblem(nodes: number, multiAz: boolean): LimitProblem | undefined {
  if (multiAz && nodes < 2) return { given: nodes, allowed: "at least 2 nodes with multiAz" };
  return outside(nodes, elasticacheLimits.nodes);
}

/** The problem of a replication group's id. */
export const replicationGroupProblem = (id: string): LimitProblem | undefined =>
  badName(id, elasticacheNames.replicationGroup);
