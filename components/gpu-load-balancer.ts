import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Component, type Transform, transform } from "./component";
import { suffixedName } from "./physical-names";

export interface GpuLoadBalancerArgs {
  readonly vpcId: pulumi.Input<string>;
  /** Private subnets in at least two zones. */
  readonly subnetIds: pulumi.Input<string[]>;
  /** Refuse deletion. */
  readonly protect: boolean;
  /** Seconds without a byte after which a connection is cut; a stream that waits in the host's queue is silent. @default 120 */
  readonly idleTimeoutSeconds?: number;
  /** Changes the child resources. */
  readonly transform?: { readonly loadBalancer?: Transform<aws.lb.LoadBalancerArgs> };
}

/**
 * The internal load balancer in front of all GPU nodes, a listener for each tier. Any node of a tier can serve any archetype, so
 * least outstanding requests decides, and adapter residency stays the node's own matter. Who may ask is a matter of connections.
 *
 * Cost: $0.0225 x 730 = $16 a month and $0.008 per capacity unit and hour; one for both tiers, since a second one buys nothing.
 */
export class GpuLoadBalancer extends Component {
  readonly arn: pulumi.Output<string>;
  /** `app/NAME/ID`, by which metrics name it. */
  readonly arnSuffix: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  readonly label = "gpu nodes";

  constructor(name: string, args: GpuLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu:GpuLoadBalancer", name, opts);
    const securityGroup = new aws.ec2.SecurityGroup(
      `${name}-access`,
      {
        vpcId: args.vpcId,
        description: "Reaches the internal load balancer of the GPU nodes from the services that ask",
      },
      { parent: this },
    );
    const loadBalancer = new aws.lb.LoadBalancer(
      ...transform(
        args.transform?.loadBalancer,
        `${name}-internal`,
        {
          name: suffixedName(this, "aws:lb/loadBalancer:LoadBalancer", `${name}-internal`, {}),
          internal: true,
          loadBalancerType: "application",
          subnets: args.subnetIds,
          securityGroups: [securityGroup.id],
          idleTimeout: args.idleTimeoutSeconds ?? 120,
          dropInvalidHeaderFields: true,
          enableDeletionProtection: args.protect,
        },
        { parent: this, protect: args.protect },
      ),
    );
    this.arn = loadBalancer.arn;
    this.arnSuffix = loadBalancer.arnSuffix;
    this.dnsName = loadBalancer.dnsName;
    this.securityGroupId = securityGroup.id;
    this.registerOutputs({ dnsName: this.dnsName });
  }
}
