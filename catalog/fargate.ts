import { badName, type LimitProblem, type NameLimit, notOneOf, outside, type Range } from "./problem";

const gib = 1024;
const steps = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => (from + index * step) * gib);

/**
 * Memory sizes in MiB that Fargate offers for each number of CPU units (1024 = one vCPU).
 * Source: Amazon ECS Developer Guide, "Task size" under "Task definition parameters for Fargate"; cfn-lint E3047.
 */
export const fargateSizes = {
  256: [512, 1024, 2048],
  512: steps(1, 4, 1),
  1024: steps(2, 8, 1),
  2048: steps(4, 16, 1),
  4096: steps(8, 30, 1),
  8192: steps(16, 60, 4),
  16384: steps(32, 120, 8),
  32768: [60 * gib, 120 * gib, 244 * gib],
} as const satisfies Record<number, readonly number[]>;

/** The problem of a pair of CPU units and MiB of memory that Fargate does not offer. */
export function fargateSizeProblem(cpu: number, memory: number): LimitProblem | undefined {
  const sizes: Readonly<Record<number, readonly number[]>> = fargateSizes;
  const memories = sizes[cpu];
  if (memories === undefined) return { given: cpu, allowed: `cpu ${Object.keys(fargateSizes).join(", ")}` };
  return (
    notOneOf(memory, memories) && { given: memory, allowed: `memory of ${memories.join(", ")} MiB with cpu ${cpu}` }
  );
}

/** Limits of tasks, containers and services. Source: ECS API reference, ContainerDefinition, HealthCheck, CreateService. */
export const ecsLimits = {
  ephemeralStorageGib: { min: 21, max: 200, unit: "GiB" },
  stopTimeout: { min: 0, max: 120, unit: "seconds" },
  containersPerTask: { min: 1, max: 10 },
  subnets: { min: 1, max: 16 },
  securityGroups: { min: 1, max: 5 },
  capacityProviders: { min: 0, max: 20 },
  capacityProviderWeight: { min: 0, max: 1000 },
  healthCheckGracePeriod: { min: 0, max: 2_147_483_647, unit: "seconds" },
} as const satisfies Record<string, Range>;

/** Limits of a container's health check. Source: ECS API reference, HealthCheck. */
export const containerHealthLimits = {
  interval: { min: 5, max: 300, unit: "seconds" },
  timeout: { min: 2, max: 60, unit: "seconds" },
  retries: { min: 1, max: 10 },
  startPeriod: { min: 0, max: 300, unit: "seconds" },
} as const satisfies Record<string, Range>;

export type ContainerHealthLimit = keyof typeof containerHealthLimits;

/** The first problem of a container health check, with the name of its property. */
export function containerHealthProblem(
  check: Readonly<Record<ContainerHealthLimit, number>>,
): (LimitProblem & { readonly property: ContainerHealthLimit }) | undefined {
  for (const property of Object.keys(containerHealthLimits) as ContainerHealthLimit[]) {
    const problem = outside(check[property], containerHealthLimits[property]);
    if (problem !== undefined) return { ...problem, property };
  }
  return undefined;
}

/** Log drivers that Fargate takes. Source: ECS Developer Guide; cfn-lint E3048. */
export const fargateLogDrivers = ["awsfirelens", "awslogs", "splunk"] as const;

const words = "letters, digits, hyphen, underscore";
/** Names of clusters, services, families, containers and port mappings. Source: ECS API reference. */
export const ecsNames = {
  name: { max: 255, pattern: /^[A-Za-z0-9_-]+$/, words },
  portName: { max: 64, pattern: /^[a-z0-9_][a-z0-9_-]*$/, words: "lower-case letters, digits, hyphen, underscore" },
  capacityProvider: {
    max: 255,
    pattern: /^(?!aws|ecs|fargate)[A-Za-z0-9_-]+$/,
    words: `${words}; not beginning with aws, ecs or fargate`,
  },
} as const satisfies Record<string, NameLimit>;

/** The problem of a cluster's, service's, family's or container's name. */
export const ecsNameProblem = (name: string): LimitProblem | undefined => badName(name, ecsNames.name);
