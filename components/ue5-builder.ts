import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { findInstanceType, instanceTypes } from "../catalog/instance-types";
import { InputError } from "../contracts/input-error";
import { Component, type Transform, transform } from "./component";
import { sessionStatement } from "./gpu-access";
import { createInstanceProfile } from "./gpu-node-profile";
import { startBuildDocument } from "./ue5-build-document";

export interface Ue5BuilderArgs {
  readonly vpcId: pulumi.Input<string>;
  /** A private subnet with a way out to the internet. */
  readonly subnetId: pulumi.Input<string>;
  /** @default c5.4xlarge */
  readonly instanceType?: string;
  /** Encrypted gp3 disk, GB; a source build of UE 5.6 needs 50 free. @default 200 */
  readonly diskGb?: number;
  /** Minutes of idleness after which the machine is stopped; a multiple of 5. @default 120 */
  readonly idleMinutes?: number;
  /** Refuse termination. */
  readonly protect: boolean;
  /** Where the settings are written, for messages. */
  readonly where: string;
  /** Changes the child resources. */
  readonly transform?: { readonly instance?: Transform<aws.ec2.InstanceArgs> };
}

/** Seconds of one point of the idle alarm: basic monitoring reports every five minutes. */
const idlePeriodSeconds = 300;
/** Percent of CPU below which the machine counts as idle; a build keeps all 16 vCPU busy, an open session none. */
const idleCpuPercent = 5;

/** Ubuntu 22.04 by Canonical, the release that UE 5.6 builds on. Source: Canonical, "Find Ubuntu images on AWS". */
const ubuntuParameter = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id";

/**
 * The machine that builds the UE5 game: no inbound rule, no key, no public address; Systems Manager alone reaches it. An alarm
 * stops it after two idle hours and a Systems Manager document starts it, so that it costs its disk while nobody builds.
 *
 * Cost: $0.68 for each hour that it runs ($496 a month without the alarm), $0.08 x 200 GB = $16 a month for its disk.
 */
export class Ue5Builder extends Component {
  readonly instanceId: pulumi.Output<string>;
  /** Name of the Systems Manager document that starts the machine and runs a command on it. */
  readonly startDocument: pulumi.Output<string>;

  constructor(name: string, args: Ue5BuilderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("build:Ue5Builder", name, opts);
    const instanceType = args.instanceType ?? "c5.4xlarge";
    checkInstanceType(instanceType, args.where);
    const securityGroup = createSecurityGroup(this);
    const { profile } = createInstanceProfile(this, `${name}-machine`, [sessionStatement]);
    const instance = createInstance(this);
    createIdleAlarm(this);
    const document = new aws.ssm.Document(
      `${name}-build`,
      {
        documentType: "Automation",
        documentFormat: "JSON",
        content: instance.id.apply((id) => JSON.stringify(startBuildDocument(id))),
      },
      { parent: this },
    );
    this.instanceId = instance.id;
    this.startDocument = document.name;
    this.registerOutputs({ instanceId: this.instanceId, startDocument: this.startDocument });

    function createSecurityGroup(parent: Ue5Builder) {
      const group = new aws.ec2.SecurityGroup(
        `${name}-access`,
        { vpcId: args.vpcId, description: "UE5 build machine: nothing comes in" },
        { parent },
      );
      for (const [what, port] of [
        ["https", 443],
        ["http", 80],
      ] as const) {
        new aws.vpc.SecurityGroupEgressRule(
          `${name}-${what}-out`,
          {
            securityGroupId: group.id,
            cidrIpv4: "0.0.0.0/0",
            ipProtocol: "tcp",
            fromPort: port,
            toPort: port,
            description: port === 443 ? "Systems Manager, sources" : "Ubuntu's package archive",
          },
          { parent },
        );
      }
      return group;
    }

    function createInstance(parent: Ue5Builder) {
      return new aws.ec2.Instance(
        ...transform(
          args.transform?.instance,
          `${name}-instance`,
          {
            ami: aws.ssm.getParameterOutput({ name: ubuntuParameter }, { parent }).insecureValue,
            instanceType,
            subnetId: args.subnetId,
            associatePublicIpAddress: false,
            vpcSecurityGroupIds: [securityGroup.id],
            iamInstanceProfile: profile.name,
            ebsOptimized: true,
            monitoring: false,
            disableApiTermination: args.protect,
            instanceInitiatedShutdownBehavior: "stop",
            metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
            rootBlockDevice: {
              volumeType: "gp3",
              volumeSize: args.diskGb ?? 200,
              encrypted: true,
              deleteOnTermination: true,
            },
            tags: { Name: name },
          },
          // The machine keeps its engine sources and caches: a newer Ubuntu image is no reason to replace it.
          { parent, protect: args.protect, ignoreChanges: ["ami"] },
        ),
      );
    }

    function createIdleAlarm(parent: Ue5Builder) {
      const minutes = args.idleMinutes ?? 120;
      const periods = (minutes * 60) / idlePeriodSeconds;
      new aws.cloudwatch.MetricAlarm(
        `${name}-idle`,
        {
          alarmDescription: `The UE5 build machine has been idle for ${minutes} minutes: stop it.`,
          namespace: "AWS/EC2",
          metricName: "CPUUtilization",
          dimensions: { InstanceId: instance.id },
          statistic: "Maximum",
          period: idlePeriodSeconds,
          evaluationPeriods: periods,
          datapointsToAlarm: periods,
          comparisonOperator: "LessThanThreshold",
          threshold: idleCpuPercent,
          // A stopped machine reports nothing, and one that was just started must not be judged by that.
          treatMissingData: "notBreaching",
          alarmActions: [`arn:aws:automate:${aws.config.requireRegion()}:ec2:stop`],
        },
        { parent },
      );
    }
  }
}

function checkInstanceType(instanceType: string, where: string): void {
  const type = findInstanceType(instanceType);
  if (type !== undefined && type.gpu === undefined) return;
  throw new InputError({
    path: "ue5Builder.instanceType",
    given: instanceType,
    allowed: Object.keys(instanceTypes)
      .filter((known) => findInstanceType(known)?.gpu === undefined)
      .join(", "),
    where,
  });
}
