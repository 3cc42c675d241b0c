import { awsMetrics } from "../aws-metrics";
import { type AlarmDefinition, series, times } from "./definition";
import type { Objective } from "./objectives";

const { ecsService, ecsTasks, connectRequests, connectAnswers, targetGroup } = awsMetrics;

/** Share of requests to a service that must not end in a server error. */
export const serviceTargets = { "ai-router": 0.995, "knowledge-base": 0.999 } as const;
export type ServiceWithObjective = keyof typeof serviceTargets;

/** Where a service's requests are counted: at the public edge, or by Service Connect. */
export type Counted<Text> =
  | { readonly at: "edge"; readonly loadBalancer: Text; readonly targetGroup: Text }
  | { readonly at: "connect"; readonly discoveryName: Text };

/** What callers are promised of a service. */
export function serviceObjective<Text>(service: ServiceWithObjective, counted: Counted<Text>): Objective<Text> {
  const [requests, failed] =
    counted.at === "edge"
      ? ([targetGroup.requests, targetGroup.target5xx] as const).map((metric, at) =>
          series(
            ["requests", "failed"][at]!,
            metric,
            { LoadBalancer: counted.loadBalancer, TargetGroup: counted.targetGroup },
            "Sum",
          ),
        )
      : [
          series("requests", connectRequests.requests, { DiscoveryName: counted.discoveryName }, "Sum"),
          series("failed", connectAnswers.target5xx, { TargetDiscoveryName: counted.discoveryName }, "Sum"),
        ];
  return {
    id: `${service}-errors`,
    runbook: "service-errors",
    title: `${service} answers with server errors`,
    target: serviceTargets[service],
    series: [requests!, failed!],
    total: "requests",
    bad: "FILL(failed, 0)",
    suppressedBy: "database-silent",
    example: (total, bad) => ({ requests: total, failed: bad }),
  };
}

/** A service that runs with fewer tasks than ECS wants; needs Container Insights. */
export function tasksAlarm<Text>(service: string, cluster: Text, serviceName: Text): AlarmDefinition<Text> {
  const of = { ClusterName: cluster, ServiceName: serviceName };
  return {
    id: `${service}-tasks`,
    runbook: "service-tasks",
    severity: "ticket",
    title: `${service} has run with fewer tasks than it should for 10 minutes`,
    series: [series("wanted", ecsTasks.desired, of, "Average"), series("running", ecsTasks.running, of, "Average")],
    expression: "wanted - FILL(running, 0)",
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    periodSeconds: 60,
    periods: 10,
    missing: "notBreaching",
    fires: { wanted: times(10, 2), running: times(10, 1) },
    quiet: [
      { wanted: times(10, 2), running: times(10, 2) },
      { wanted: times(10, 2), running: [2, ...times(9, 1)] },
      { wanted: times(10, null), running: times(10, null) },
    ],
  };
}

/** A service whose tasks are about to be killed for their memory; scaling by memory has not helped. */
export function memoryAlarm<Text>(service: string, cluster: Text, serviceName: Text): AlarmDefinition<Text> {
  return {
    id: `${service}-memory`,
    runbook: "service-memory",
    severity: "ticket",
    title: `Tasks of ${service} use more than 90 % of their memory`,
    series: [series("memory", ecsService.memory, { ClusterName: cluster, ServiceName: serviceName }, "Average")],
    comparison: "GreaterThanThreshold",
    threshold: 90,
    periodSeconds: 60,
    periods: 10,
    missing: "notBreaching",
    fires: { memory: times(10, 90.1) },
    quiet: [{ memory: times(10, 90) }, { memory: [90, ...times(9, 99)] }, { memory: times(10, null) }],
  };
}
