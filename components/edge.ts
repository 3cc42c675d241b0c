import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { loadBalancerQuotas, targetHealthProblem } from "../catalog/load-balancing";
import { InputError } from "../contracts/input-error";
import { Bucket } from "./bucket";
import { Component, type Transform, transform } from "./component";
import { suffixedName } from "./physical-names";
import { compare } from "./policy";
import { createWebAcl } from "./web-acl";

const loadBalancerType = "aws:lb/loadBalancer:LoadBalancer";
const targetGroupType = "aws:lb/targetGroup:TargetGroup";

/** A service that players reach. */
export interface EdgeTarget {
  readonly name: string;
  readonly port: number;
  readonly healthPath: string;
  /** Path patterns, at most five. */
  readonly paths: readonly string[];
  /** Seconds that running requests may take when a task leaves. */
  readonly drainSeconds: number;
}

export interface EdgeArgs {
  readonly vpcId: pulumi.Input<string>;
  /** Public subnets in at least two zones. */
  readonly subnetIds: pulumi.Input<string[]>;
  /** ACM certificate; without one the edge speaks plain HTTP. */
  readonly certificateArn?: pulumi.Input<string>;
  /** Networks that may reach the edge. */
  readonly allowedCidrs: readonly string[];
  readonly targets: readonly EdgeTarget[];
  /** Requests that one address may send in five minutes. */
  readonly requestsPerAddress: number;
  /** Days that access logs and the web ACL's log are kept. */
  readonly logDays: number;
  /** Refuse deletion, and keep the access logs. */
  readonly protect: boolean;
  /** Delete access logs together with the stack. */
  readonly forceDestroy: boolean;
  /** Changes the child resources. */
  readonly transform?: { readonly loadBalancer?: Transform<aws.lb.LoadBalancerArgs> };
}

/** The target group of a service, and the rule that sends requests to it. */
export interface EdgeTargetGroup {
  readonly arn: pulumi.Output<string>;
  /** The dimension of its metrics. */
  readonly arnSuffix: pulumi.Output<string>;
  readonly rule: pulumi.Resource;
}

/** Seconds without a byte after which a connection is closed: longer than the longest pause in a streamed answer. */
const idleTimeout = 120;
const healthCheck = { interval: 15, timeout: 5, healthyThreshold: 2, unhealthyThreshold: 3 } as const;

/**
 * The public edge: an application load balancer with TLS 1.2 and 1.3, a web ACL and access logs, which sends the listed paths to
 * the services that face players and answers 404 to everything else.
 *
 * Cost: 0.0225 x 730 = $16.43 a month, $0.008 per LCU-hour, a public address of $3.65 per zone, and for the web ACL $5 a month,
 * $1 per rule and $0.60 per million requests.
 */
export class Edge extends Component {
  readonly securityGroupId: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly label = "edge";
  /** Where the load balancer's access logs go, and those of other buckets may. */
  readonly logs: Bucket;
  /** Suffix of the load balancer's ARN: the dimension of its metrics. */
  readonly arnSuffix: pulumi.Output<string>;
  private readonly targets: ReadonlyMap<string, EdgeTargetGroup>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("network:Edge", name, opts);
    const tls = args.certificateArn !== undefined;
    const securityGroup = createSecurityGroup(this);
    const logs = createLogs(this);
    this.logs = logs;
    const loadBalancer = createLoadBalancer(this);
    createWebAcl(this, name, { ...args, loadBalancerArn: loadBalancer.arn });
    const listener = createListener(this);
    const sorted = [...args.targets].sort((a, b) => compare(a.name, b.name));
    if (sorted.length > loadBalancerQuotas.rules) {
      throw new InputError({
        path: `${name}.targets`,
        given: sorted.length,
        allowed: `at most ${loadBalancerQuotas.rules} listener rules`,
        where: "stacks/service-catalogue.ts, publicPaths",
      });
    }
    this.targets = new Map(sorted.map((target, index) => [target.name, createTarget(this, target, (index + 1) * 10)]));
    this.securityGroupId = securityGroup.id;
    this.dnsName = loadBalancer.dnsName;
    this.arnSuffix = loadBalancer.arnSuffix;
    this.registerOutputs({ dnsName: this.dnsName });

    function createSecurityGroup(parent: Edge) {
      const group = new aws.ec2.SecurityGroup(
        `${name}-access`,
        { vpcId: args.vpcId, description: "The public load balancer" },
        { parent },
      );
      const port = tls ? 443 : 80;
      for (const cidr of [...args.allowedCidrs].sort(compare)) {
        new aws.vpc.SecurityGroupIngressRule(
          `${name}-from-${cidr.replace(/[./]/g, "-")}`,
          {
            securityGroupId: group.id,
            description: `${tls ? "HTTPS" : "HTTP"} from ${cidr}`,
            cidrIpv4: cidr,
            ipProtocol: "tcp",
            fromPort: port,
            toPort: port,
          },
          { parent },
        );
      }
      return group;
    }

    function createLogs(parent: Edge) {
      return new Bucket(
        `${name}-logs`,
        {
          expireDays: args.logDays,
          oldVersionDays: 1,
          protect: args.protect,
          forceDestroy: args.forceDestroy,
          takesLogs: true,
          statements: (arn) => [
            {
              sid: "DeliverAccessLogs",
              principals: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
              actions: ["s3:PutObject"],
              resources: [pulumi.interpolate`${arn}/*`],
            },
          ],
        },
        { parent },
      );
    }

    function createLoadBalancer(parent: Edge) {
      const logicalName = `${name}-load-balancer`;
      return new aws.lb.LoadBalancer(
        ...transform(
          args.transform?.loadBalancer,
          logicalName,
          {
            name: suffixedName(parent, loadBalancerType, logicalName, { scheme: "internet-facing" }),
            internal: false,
            loadBalancerType: "application",
            ipAddressType: "ipv4",
            subnets: args.subnetIds,
            securityGroups: [securityGroup.id],
            accessLogs: { bucket: logs.bucketName, enabled: true },
            dropInvalidHeaderFields: true,
            desyncMitigationMode: "defensive",
            enableDeletionProtection: args.protect,
            idleTimeout,
          },
          { parent, protect: args.protect, dependsOn: [logs.policy] },
        ),
      );
    }

    function createListener(parent: Edge) {
      const secure = tls
        ? {
            port: 443,
            protocol: "HTTPS",
            sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
            certificateArn: args.certificateArn,
          }
        : { port: 80, protocol: "HTTP" };
      return new aws.lb.Listener(
        `${name}-listener`,
        {
          loadBalancerArn: loadBalancer.arn,
          ...secure,
          defaultActions: [
            {
              type: "fixed-response",
              fixedResponse: {
                statusCode: "404",
                contentType: "application/problem+json",
                messageBody: '{"type":"about:blank","title":"Not Found","status":404}',
              },
            },
          ],
        },
        { parent },
      );
    }

    function createTarget(parent: Edge, target: EdgeTarget, priority: number) {
      const problem = targetHealthProblem({ ...healthCheck, path: target.healthPath });
      if (problem !== undefined) {
        throw new InputError({
          path: `${name}.${target.name}.${problem.property}`,
          ...problem,
          where: "stacks/service-catalogue.ts",
        });
      }
      const logicalName = `${name}-${target.name}`;
      const group = new aws.lb.TargetGroup(
        logicalName,
        {
          name: suffixedName(parent, targetGroupType, logicalName, { port: String(target.port), vpcId: args.vpcId }),
          vpcId: args.vpcId,
          targetType: "ip",
          protocol: "HTTP",
          port: target.port,
          deregistrationDelay: target.drainSeconds,
          loadBalancingAlgorithmType: "least_outstanding_requests",
          healthCheck: { ...healthCheck, path: target.healthPath, protocol: "HTTP", matcher: "200" },
        },
        { parent },
      );
      const rule = new aws.lb.ListenerRule(
        `${logicalName}-rule`,
        {
          listenerArn: listener.arn,
          priority,
          conditions: [{ pathPattern: { values: [...target.paths].sort(compare) } }],
          actions: [{ type: "forward", targetGroupArn: group.arn }],
        },
        { parent },
      );
      return { arn: group.arn, arnSuffix: group.arnSuffix, rule };
    }
  }

  /** The target group of a service, and the rule that sends requests to it. */
  target(service: string): EdgeTargetGroup | undefined {
    return this.targets.get(service);
  }
}
