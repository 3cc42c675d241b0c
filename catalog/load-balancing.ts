import { badName, type LimitProblem, type NameLimit, outside, type Range } from "./problem";

const words = "letters, digits and hyphens, no hyphen at either end";
/** Names. Source: Elastic Load Balancing API reference, CreateLoadBalancer and CreateTargetGroup. */
export const loadBalancingNames = {
  loadBalancer: {
    max: 32,
    pattern: /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/,
    words: `${words}, not beginning with internal-`,
  },
  targetGroup: { max: 32, pattern: /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/, words },
} as const satisfies Record<string, NameLimit>;

/** Values of target groups and listeners. Source: API reference, CreateTargetGroup, TargetGroupAttribute, CreateRule. */
export const loadBalancingLimits = {
  healthCheckInterval: { min: 5, max: 300, unit: "seconds" },
  healthCheckTimeout: { min: 2, max: 120, unit: "seconds" },
  healthyThreshold: { min: 2, max: 10 },
  unhealthyThreshold: { min: 2, max: 10 },
  healthCheckPathLength: { min: 1, max: 1024, unit: "characters" },
  deregistrationDelay: { min: 0, max: 3600, unit: "seconds" },
  /** 0 turns it off. */
  slowStart: { min: 30, max: 900, unit: "seconds" },
  stickiness: { min: 1, max: 604_800, unit: "seconds" },
  rulePriority: { min: 1, max: 50_000 },
  idleTimeout: { min: 1, max: 4000, unit: "seconds" },
} as const satisfies Record<string, Range>;

/** Quotas of one load balancer. Source: Quotas for your Application Load Balancers. */
export const loadBalancerQuotas = {
  rules: 100,
  targetGroups: 100,
  listeners: 50,
  certificates: 25,
  targets: 1000,
  targetGroupsPerAction: 5,
  conditionValuesPerRule: 5,
} as const;

/** A target group's HTTP health check. */
export interface TargetHealthCheck {
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly path: string;
}

/** The first problem of a target group's health check, with the name of its property. */
export function targetHealthProblem(
  check: TargetHealthCheck,
): (LimitProblem & { readonly property: keyof TargetHealthCheck }) | undefined {
  const at = (property: keyof TargetHealthCheck, problem: LimitProblem | undefined) =>
    problem && { ...problem, property };
  if (!check.path.startsWith("/")) return { property: "path", given: check.path, allowed: "a path that begins with /" };
  if (check.timeout >= check.interval) {
    return {
      property: "timeout",
      given: check.timeout,
      allowed: `less than the interval of ${check.interval} seconds`,
    };
  }
  return (
    at("interval", outside(check.interval, loadBalancingLimits.healthCheckInterval)) ??
    at("timeout", outside(check.timeout, loadBalancingLimits.healthCheckTimeout)) ??
    at("healthyThreshold", outside(check.healthyThreshold, loadBalancingLimits.healthyThreshold)) ??
    at("unhealthyThreshold", outside(check.unhealthyThreshold, loadBalancingLimits.unhealthyThreshold)) ??
    at("path", outside(check.path.length, loadBalancingLimits.healthCheckPathLength))
  );
}

/** The problem of a load balancer's name. */
export const loadBalancerNameProblem = (name: string): LimitProblem | undefined =>
  badName(name, loadBalancingNames.loadBalancer);

/** The problem of a target group's name. */
export const targetGroupNameProblem = (name: string): LimitProblem | undefined =>
  badName(name, loadBalancingNames.targetGroup);
