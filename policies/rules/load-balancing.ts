import { at, propertyRule, type Rule } from "../rule";

const balancer = ["aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"] as const;
const isNetworkBalancer = ({ props }: { props: Readonly<Record<string, unknown>> }) =>
  props.loadBalancerType === "network";
const targetGroup = "aws:lb/targetGroup:TargetGroup";

export const loadBalancingRules: readonly Rule[] = [
  propertyRule({
    id: "CKV_AWS_91",
    severity: "medium",
    title: "Load balancers write access logs",
    rationale: "They are the only record of who asked for what when a service was down.",
    remediation: "Set accessLogs with a bucket.",
    type: balancer,
    path: "accessLogs.enabled",
    allowed: [true],
  }),
  propertyRule({
    id: "CKV_AWS_131",
    severity: "medium",
    title: "ALBs drop invalid headers",
    rationale: "Headers that two parsers read differently are how requests are smuggled.",
    remediation: "Set dropInvalidHeaderFields.",
    type: balancer,
    path: "dropInvalidHeaderFields",
    allowed: [true],
    unless: isNetworkBalancer,
  }),
  propertyRule({
    id: "CKV_AWS_328",
    severity: "medium",
    title: "ALBs mitigate desync attacks",
    rationale: "Requests that proxy and server split differently let one client's bytes into another's request.",
    remediation: "Leave desyncMitigationMode at defensive, or set strictest.",
    type: balancer,
    path: "desyncMitigationMode",
    allowed: ["defensive", "strictest", undefined],
    wrong: "monitor",
    unless: isNetworkBalancer,
  }),
  propertyRule({
    id: "CKV_AWS_152",
    severity: "low",
    title: "Network load balancers spread over zones",
    rationale: "Without it a zone with one target gets as much as a zone with ten.",
    type: balancer,
    path: "enableCrossZoneLoadBalancing",
    allowed: [true],
    where: { loadBalancerType: "network" },
    unless: (resource) => !isNetworkBalancer(resource),
  }),
  {
    id: "CKV_AWS_261",
    severity: "medium",
    title: "HTTP target groups check a path",
    rationale: "A target that accepts connections may still answer every request with an error.",
    remediation: "Set healthCheck.path to the service's health path.",
    types: [targetGroup],
    scope: "resource",
    check: ({ props }) =>
      !["HTTP", "HTTPS"].includes(String(props.protocol)) || at(props, "healthCheck.path")
        ? undefined
        : "healthCheck.path is not set",
    passing: [{ type: targetGroup, props: { protocol: "HTTP", healthCheck: { path: "/health" } } }],
    failing: [{ type: targetGroup, props: { protocol: "HTTP" } }],
  },
];
