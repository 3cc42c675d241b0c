import { awsMetrics } from "../aws-metrics";
import { type AlarmDefinition, series, times } from "./definition";
import type { Objective } from "./objectives";

/** Share of the public requests that are answered without an error of ours. */
export const edgeTarget = 0.999;

const { balancer, targetHealth, certificate } = awsMetrics;

/** What players are promised of the public edge: an answer that is not a server error. */
export function edgeObjective<Text>(loadBalancer: Text): Objective<Text> {
  const at = { LoadBalancer: loadBalancer };
  return {
    id: "edge-errors",
    runbook: "edge-errors",
    title: "Players get server errors at the edge",
    target: edgeTarget,
    series: [
      series("requests", balancer.requests, at, "Sum"),
      series("own", balancer.own5xx, at, "Sum"),
      series("targets", balancer.target5xx, at, "Sum"),
    ],
    total: "requests",
    bad: "FILL(own, 0) + FILL(targets, 0)",
    suppressedBy: "database-silent",
    example: (total, bad) => ({ requests: total, own: 0, targets: bad }),
  };
}

/** What goes wrong at the edge that no objective shows. */
export function edgeAlarms<Text>(loadBalancer: Text): AlarmDefinition<Text>[] {
  const at = { LoadBalancer: loadBalancer };
  return [
    {
      id: "edge-rejected",
      runbook: "edge-rejected",
      severity: "ticket",
      title: "The load balancer rejects connections: it is at its limit",
      series: [series("rejected", balancer.rejected, at, "Sum")],
      comparison: "GreaterThanThreshold",
      threshold: 0,
      periodSeconds: 60,
      periods: 5,
      datapoints: 3,
      missing: "notBreaching",
      fires: { rejected: [null, null, 4, 1, 9] },
      quiet: [{ rejected: [null, null, null, 1, 9] }, { rejected: times(5, null) }],
    },
    {
      id: "edge-refused",
      runbook: "edge-refused",
      severity: "ticket",
      title: "More than half of the requests at the edge are refused: wrong keys, or somebody who tries them",
      series: [series("requests", balancer.requests, at, "Sum"), series("refused", balancer.target4xx, at, "Sum")],
      expression: "IF(FILL(requests, 0) < 100, 0, FILL(refused, 0) / requests)",
      comparison: "GreaterThanThreshold",
      threshold: 0.5,
      periodSeconds: 60,
      periods: 5,
      missing: "notBreaching",
      fires: { requests: times(5, 100), refused: times(5, 51) },
      quiet: [
        { requests: times(5, 100), refused: times(5, 50) },
        { requests: times(5, 99), refused: times(5, 99) },
        { requests: [null, ...times(4, 100)], refused: [null, ...times(4, 90)] },
      ],
    },
  ];
}

/** A service that players reach, none of whose tasks is healthy. */
export function targetAlarm<Text>(service: string, loadBalancer: Text, targetGroup: Text): AlarmDefinition<Text> {
  return {
    id: `${service}-unreachable`,
    runbook: "service-unreachable",
    severity: "page",
    title: `No task of ${service} is healthy: players cannot reach it`,
    series: [
      series("healthy", targetHealth.healthy, { LoadBalancer: loadBalancer, TargetGroup: targetGroup }, "Maximum"),
    ],
    comparison: "LessThanThreshold",
    threshold: 1,
    periodSeconds: 60,
    periods: 3,
    missing: "breaching",
    fires: { healthy: [1, 0, 0, 0] },
    quiet: [{ healthy: [0, 0, 1] }, { healthy: [0, 1, 0, 0] }],
  };
}

/** The certificate of the edge; ACM renews it by itself while its DNS records stand. */
export function certificateAlarm<Text>(certificateArn: Text): AlarmDefinition<Text> {
  return {
    id: "edge-certificate",
    runbook: "edge-certificate",
    severity: "ticket",
    title: "The certificate of the edge expires in less than 30 days and was not renewed",
    series: [series("days", certificate.daysToExpiry, { CertificateArn: certificateArn }, "Minimum")],
    comparison: "LessThanThreshold",
    threshold: 30,
    periodSeconds: 86_400,
    periods: 1,
    missing: "notBreaching",
    fires: { days: [29] },
    quiet: [{ days: [30] }, { days: [null] }],
  };
}
