import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

/** One end of a connection: a component that has a security group. */
export interface Endpoint {
  /** Short name for rule names and descriptions. */
  readonly label: string;
  readonly securityGroupId: pulumi.Input<string>;
}

export interface ConnectionArgs {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** TCP port that is open between the two. */
  readonly port: number;
}

/** Lets one security group reach another on one port: a rule out of the first and a rule into the second, and nothing else. */
export class Connection extends Component {
  constructor(name: string, { from, to, port }: ConnectionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("network:Connection", name, opts);
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-out`,
      {
        securityGroupId: from.securityGroupId,
        referencedSecurityGroupId: to.securityGroupId,
        description: `${from.label} to ${to.label}`,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
      },
      { parent: this },
    );
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-in`,
      {
        securityGroupId: to.securityGroupId,
        referencedSecurityGroupId: from.securityGroupId,
        description: `${to.label} from ${from.label}`,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
