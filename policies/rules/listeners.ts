import { at, list, type Rule, type RuleResource, referring } from "../rule";
import { types } from "../types";

const listeners = [types.listener, "aws:alb/listener:Listener"] as const;
const targetGroups = [types.targetGroup, "aws:alb/targetGroup:TargetGroup"] as const;
const balancers = [types.balancer, "aws:alb/loadBalancer:LoadBalancer"] as const;

/** AWS's policies that speak TLS 1.2 and 1.3 with forward secrecy alone. */
const strong =
  /^ELBSecurityPolicy-(TLS13-1-[23](-(Res|Ext0?))?(-PQ|-FIPS|-FIPS-PQ)?-\d{4}-\d{2}|TLS13-1-3-.*|FS-1-2-.*|TLS-1-2-2017-01)$/;
/** Of those, the ones that AWS's ELB.17 recommends. */
const recommended = /^ELBSecurityPolicy-TLS13-1-(2|2-Res|3)(-FIPS)?(-PQ)?-\d{4}-\d{2}$/;

const actions = (props: unknown): readonly unknown[] => list(at(props, "defaultActions"));
const redirects = (props: unknown): boolean =>
  actions(props).some((one) => at(one, "type") === "redirect" && at(one, "redirect.protocol") === "HTTPS");
const isEncrypted = (protocol: unknown): boolean => protocol === "HTTPS" || protocol === "TLS";

const listener = (props: object) => [{ type: types.listener, props }];

const encrypted: Rule = {
  id: "CKV_AWS_2",
  alsoKnownAs: ["ELB.1"],
  severity: "high",
  title: "Listeners speak HTTPS",
  rationale: "Keys and players' words must not be readable on the wire.",
  remediation: "Set protocol to HTTPS with a certificate, or redirect to it.",
  types: listeners,
  scope: "resource",
  check: ({ props }) =>
    props.protocol === "HTTP" && !redirects(props) ? `port ${String(props.port)} answers plain HTTP` : undefined,
  passing: listener({
    port: 80,
    protocol: "HTTP",
    defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS" } }],
  }),
  failing: listener({ port: 80, protocol: "HTTP", defaultActions: [{ type: "forward" }] }),
};

const networkEncrypted: Rule = {
  id: "GAP-NLB-TLS",
  severity: "medium",
  title: "Network load balancers speak TLS",
  rationale: "What passes through in clear text can be read on the wire.",
  remediation: "Set protocol to TLS with a certificate.",
  types: listeners,
  scope: "resource",
  check: ({ props }) =>
    ["TCP", "UDP", "TCP_UDP"].includes(String(props.protocol))
      ? `port ${String(props.port)} speaks plain ${String(props.protocol)}`
      : undefined,
  passing: listener({ port: 443, protocol: "TLS" }),
  failing: listener({ port: 443, protocol: "TCP" }),
};

const modernTls: Rule = {
  id: "CKV_AWS_103",
  alsoKnownAs: ["AwsSolutions-ELB5"],
  severity: "high",
  title: "Listeners take TLS 1.2 at least",
  rationale: "Older versions are broken.",
  remediation: "Set sslPolicy to ELBSecurityPolicy-TLS13-1-2-2021-06.",
  types: listeners,
  scope: "resource",
  check: ({ props }) =>
    isEncrypted(props.protocol) &&
    !strong.test(String(props.sslPolicy ?? "")) &&
    !recommended.test(String(props.sslPolicy ?? ""))
      ? `sslPolicy is ${String(props.sslPolicy ?? "not set, so ELBSecurityPolicy-2016-08")}`
      : undefined,
  passing: listener({ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }),
  failing: listener({ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08" }),
};

const strongCiphers: Rule = {
  id: "CKV2_AWS_74",
  alsoKnownAs: ["ELB.17"],
  severity: "medium",
  title: "Listeners take strong ciphers only",
  rationale: "Ciphers without forward secrecy let whoever gets the key later read what was recorded before.",
  remediation: "Set sslPolicy to ELBSecurityPolicy-TLS13-1-2-2021-06 or its Res form.",
  types: listeners,
  scope: "resource",
  check: ({ props }) =>
    isEncrypted(props.protocol) && !recommended.test(String(props.sslPolicy ?? ""))
      ? `sslPolicy is ${String(props.sslPolicy ?? "not set")}`
      : undefined,
  passing: listener({ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-2021-06" }),
  failing: listener({ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-TLS-1-2-2017-01" }),
};

const encryptedTargets: Rule = {
  id: "CKV_AWS_378",
  severity: "low",
  title: "Load balancers reach their targets over TLS",
  rationale: "What passes inside the VPC in clear text can be read by whoever got in.",
  remediation: "Set protocol to HTTPS and serve TLS in the target.",
  types: targetGroups,
  scope: "resource",
  check: ({ props }) => (props.protocol === "HTTP" ? "targets are asked over plain HTTP" : undefined),
  passing: [{ type: types.targetGroup, props: { protocol: "HTTPS" } }],
  failing: [{ type: types.targetGroup, props: { protocol: "HTTP" } }],
};

const balancerUrn = `urn:pulumi:prod::p::${types.balancer}::r0`;
const isPublic = ({ props }: RuleResource): boolean => props.internal !== true;
const isApplication = ({ props }: RuleResource): boolean =>
  [undefined, "application"].includes(props.loadBalancerType as string);

const redirected: Rule = {
  id: "CKV2_AWS_20",
  severity: "medium",
  title: "Plain HTTP is only redirected",
  rationale: "A client that begins in clear text must end encrypted before it sends a key.",
  remediation: "Give the listener on port 80 a redirect to HTTPS, or remove it.",
  types: balancers,
  scope: "stack",
  check: (balancer, stack) => {
    const plain = listeners
      .flatMap((type) => referring(stack, type, "loadBalancerArn", balancer))
      .find(({ props }) => props.protocol === "HTTP" && !redirects(props));
    return plain && isPublic(balancer) ? `listener ${plain.name} answers plain HTTP` : undefined;
  },
  passing: [
    { type: types.balancer, urn: balancerUrn },
    { type: types.listener, props: { protocol: "HTTPS" }, references: { loadBalancerArn: [balancerUrn] } },
  ],
  failing: [
    { type: types.balancer, urn: balancerUrn },
    { type: types.listener, props: { protocol: "HTTP" }, references: { loadBalancerArn: [balancerUrn] } },
  ],
};

const guarded: Rule = {
  id: "CKV2_AWS_28",
  alsoKnownAs: ["ELB.16"],
  severity: "high",
  title: "What faces the internet is behind a web ACL",
  rationale: "Without one nothing limits requests by address or stops known attacks.",
  remediation: "Declare an aws.wafv2.WebAclAssociation, or set internal to true.",
  types: balancers,
  scope: "stack",
  check: (balancer, stack) =>
    !isPublic(balancer) ||
    !isApplication(balancer) ||
    referring(stack, types.webAclAssociation, "resourceArn", balancer).length > 0
      ? undefined
      : "it faces the internet without a web ACL",
  passing: [
    { type: types.balancer, urn: balancerUrn },
    { type: types.webAclAssociation, references: { resourceArn: [balancerUrn] } },
  ],
  failing: [{ type: types.balancer, urn: balancerUrn }],
};

const publicNetworkBalancer: Rule = {
  id: "GAP-PUBLIC-NLB",
  severity: "high",
  title: "No network load balancer faces the internet",
  rationale: "It hands packets through: no web ACL, no rate limit, no access log of requests.",
  remediation: "Set internal to true, or publish the service through the edge.",
  types: balancers,
  scope: "resource",
  check: (balancer) => (isPublic(balancer) && !isApplication(balancer) ? "it faces the internet" : undefined),
  passing: [{ type: types.balancer, props: { loadBalancerType: "network", internal: true } }],
  failing: [{ type: types.balancer, props: { loadBalancerType: "network" } }],
};

/** Rules of a web ACL's managed groups, by name. */
const managedGroups = (props: unknown): unknown[] =>
  list(at(props, "rules")).map((rule) => at(rule, "statement.managedRuleGroupStatement.name"));

const knownExploits = "AWSManagedRulesKnownBadInputsRuleSet";

const blocksExploits: Rule = {
  id: "CKV_AWS_192",
  alsoKnownAs: ["CKV2_AWS_76"],
  severity: "medium",
  title: "The web ACL stops known exploits",
  rationale: "Log4Shell and its like are tried on every address.",
  remediation: `Add the managed group ${knownExploits}, not overridden to count.`,
  types: [types.webAcl],
  scope: "resource",
  check: ({ props }) => {
    const rule = list(props.rules).find((one) => at(one, "statement.managedRuleGroupStatement.name") === knownExploits);
    if (rule === undefined) return `${knownExploits} is not among its rules`;
    return at(rule, "overrideAction.count") === undefined ? undefined : `${knownExploits} only counts`;
  },
  passing: [
    {
      type: types.webAcl,
      props: {
        rules: [{ statement: { managedRuleGroupStatement: { name: knownExploits } }, overrideAction: { none: {} } }],
      },
    },
  ],
  failing: [{ type: types.webAcl, props: { rules: [] } }],
};

const hasRules: Rule = {
  id: "CKV_AWS_175",
  alsoKnownAs: ["WAF.10"],
  severity: "high",
  title: "The web ACL has rules",
  rationale: "One without rules lets everything through.",
  remediation: "Add a rate limit and AWS's managed groups.",
  types: [types.webAcl],
  scope: "resource",
  check: ({ props }) => (list(props.rules).length > 0 ? undefined : "it has no rules"),
  passing: [{ type: types.webAcl, props: { rules: [{ name: "rate" }] } }],
  failing: [{ type: types.webAcl, props: { rules: [] } }],
};

const rulesAct: Rule = {
  id: "CKV_AWS_342",
  severity: "medium",
  title: "Rules of the web ACL act",
  rationale: "A rule that only counts stops nothing.",
  remediation: "Give the rule an action of block, or override none of the group.",
  types: [types.webAcl],
  scope: "resource",
  check: ({ props }) => {
    const idle = list(props.rules).find(
      (rule) => at(rule, "action.count") !== undefined || at(rule, "overrideAction.count") !== undefined,
    );
    return idle === undefined ? undefined : `rule ${String(at(idle, "name"))} only counts`;
  },
  passing: [{ type: types.webAcl, props: { rules: [{ name: "rate", action: { block: {} } }] } }],
  failing: [{ type: types.webAcl, props: { rules: [{ name: "rate", action: { count: {} } }] } }],
};

const rateLimited: Rule = {
  id: "GAP-WAF-RATE",
  severity: "medium",
  title: "The web ACL limits requests by address",
  rationale: "One machine must not take the GPU nodes from all players.",
  remediation: "Add a rateBasedStatement that blocks.",
  types: [types.webAcl],
  scope: "resource",
  check: ({ props }) =>
    list(props.rules).some((rule) => at(rule, "statement.rateBasedStatement") !== undefined) ||
    managedGroups(props).length === 0
      ? undefined
      : "no rule limits requests by address",
  passing: [{ type: types.webAcl, props: { rules: [{ statement: { rateBasedStatement: { limit: 2000 } } }] } }],
  failing: [{ type: types.webAcl, props: { rules: [{ statement: { managedRuleGroupStatement: { name: "x" } } }] } }],
};

export const listenerRules: readonly Rule[] = [
  encrypted,
  networkEncrypted,
  modernTls,
  strongCiphers,
  encryptedTargets,
  redirected,
  guarded,
  publicNetworkBalancer,
  blocksExploits,
  hasRules,
  rulesAct,
  rateLimited,
];
