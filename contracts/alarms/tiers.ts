import type { GpuTier } from "../archetypes";
import { awsMetrics } from "../aws-metrics";
import { groupDimension, observedMetrics, scalingMetrics } from "../metrics";
import { type AlarmDefinition, series, times } from "./definition";
import type { Objective } from "./objectives";

const { group, targetGroup } = awsMetrics;

/** Share of a tier's requests that must not end in a server error; what the tier does not take spills and is no error of its own. */
export const tierTarget = 0.99;

export interface TierFacts<Text> {
  readonly tier: GpuTier;
  /** Name of its Auto Scaling group. */
  readonly group: Text;
  readonly loadBalancer: Text;
  readonly targetGroup: Text;
  readonly max: number;
  /** Seconds after which a node that does not answer is given up. */
  readonly readyTimeoutSeconds: number;
}

/** What the router is promised of a tier. */
export function tierObjective<Text>(facts: TierFacts<Text>): Objective<Text> {
  const at = { LoadBalancer: facts.loadBalancer, TargetGroup: facts.targetGroup };
  return {
    id: `${facts.tier}-errors`,
    runbook: "tier-errors",
    title: `Nodes of ${facts.tier} answer with server errors`,
    target: tierTarget,
    series: [series("requests", targetGroup.requests, at, "Sum"), series("failed", targetGroup.target5xx, at, "Sum")],
    total: "requests",
    bad: "FILL(failed, 0)",
    suppressedBy: `${facts.tier}-empty`,
    example: (total, bad) => ({ requests: total, failed: bad }),
  };
}

/** What goes wrong with a tier's nodes. Framebuffer used is no alarm: vLLM takes its memory at start. */
export function tierAlarms<Text>({
  tier,
  group: name,
  max,
  readyTimeoutSeconds,
}: TierFacts<Text>): AlarmDefinition<Text>[] {
  const of = { [groupDimension]: name };
  const patience = Math.ceil(readyTimeoutSeconds / 60) + 1;
  const minute = { periodSeconds: 60, missing: "notBreaching" } as const;
  return [
    {
      ...minute,
      id: `${tier}-empty`,
      runbook: "tier-empty",
      severity: "page",
      title: `Requests have waited for ${tier} for ${patience} minutes and it has no node in service: longer than one may take to boot`,
      series: [
        series("waiting", scalingMetrics.waitingRequests, of, "Maximum"),
        series("nodes", group.inService, of, "Maximum"),
      ],
      expression: "IF(FILL(nodes, 0) < 1, FILL(waiting, 0), 0)",
      comparison: "GreaterThanThreshold",
      threshold: 0,
      periods: patience,
      fires: { waiting: times(patience, 1), nodes: times(patience, 0) },
      quiet: [
        { waiting: times(patience, 9), nodes: [...times(patience - 1, 0), 1] },
        { waiting: times(patience, null), nodes: times(patience, 0) },
        { waiting: times(patience, 0), nodes: times(patience, 0) },
      ],
    },
    {
      ...minute,
      id: `${tier}-short`,
      runbook: "tier-short",
      severity: "ticket",
      title: `${tier} has had fewer nodes in service than it wants for ${patience} minutes: capacity, quota or boot`,
      series: [series("wanted", group.desired, of, "Minimum"), series("nodes", group.inService, of, "Maximum")],
      expression: "wanted - FILL(nodes, 0)",
      comparison: "GreaterThanThreshold",
      threshold: 0,
      periods: patience,
      fires: { wanted: times(patience, 3), nodes: times(patience, 2) },
      quiet: [
        { wanted: times(patience, 3), nodes: [...times(patience - 1, 2), 3] },
        { wanted: times(patience, null), nodes: times(patience, null) },
      ],
    },
    {
      ...minute,
      id: `${tier}-full`,
      runbook: "tier-full",
      severity: "ticket",
      title: `${tier} is at its maximum of ${max} and requests have waited for 15 minutes`,
      series: [
        series("nodes", group.inService, of, "Maximum"),
        series("queue", scalingMetrics.queueDepth, of, "Average"),
      ],
      expression: `IF(FILL(nodes, 0) >= ${max}, FILL(queue, 0), 0)`,
      comparison: "GreaterThanThreshold",
      threshold: 1,
      periods: 15,
      fires: { nodes: times(15, max), queue: times(15, 1.1) },
      quiet: [
        { nodes: times(15, max), queue: times(15, 1) },
        { nodes: times(15, max - 1), queue: times(15, 40) },
      ],
    },
    {
      ...minute,
      id: `${tier}-silent`,
      runbook: "tier-silent",
      severity: "page",
      title: `${tier} has nodes in service and none of them has sent a heartbeat for five minutes`,
      series: [series("nodes", group.inService, of, "Minimum"), series("beats", observedMetrics.heartbeat, of, "Sum")],
      expression: "IF(FILL(nodes, 0) < 1, 1, FILL(beats, 0))",
      comparison: "LessThanThreshold",
      threshold: 1,
      periods: 5,
      fires: { nodes: times(5, 1), beats: times(5, null) },
      quiet: [
        { nodes: times(5, 1), beats: [null, null, 1, null, null] },
        { nodes: times(5, 0), beats: times(5, null) },
      ],
    },
    {
      ...minute,
      id: `${tier}-gpu-errors`,
      runbook: "tier-gpu-errors",
      severity: "ticket",
      title: `A GPU of ${tier} reported an XID, an uncorrectable ECC error or a failed row remap`,
      series: [series("errors", observedMetrics.gpuErrors, of, "Sum")],
      comparison: "GreaterThanThreshold",
      threshold: 0,
      periods: 1,
      fires: { errors: [1] },
      quiet: [{ errors: [0] }, { errors: [null] }],
    },
    {
      ...minute,
      id: `${tier}-hot`,
      runbook: "tier-hot",
      severity: "ticket",
      title: `A GPU of ${tier} has been above 85 °C for five minutes`,
      series: [series("celsius", observedMetrics.temperature, of, "Maximum")],
      comparison: "GreaterThanThreshold",
      threshold: 85,
      periods: 5,
      fires: { celsius: times(5, 86) },
      quiet: [{ celsius: times(5, 85) }, { celsius: [84, 90, 90, 90, 90] }],
    },
  ];
}
