import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { volumeInitializationMiB } from "../catalog/gpu-boot";
import { healthPaths } from "../contracts/health";
import { drainSeconds } from "../contracts/node";
import { ports, tierListenerPorts } from "../contracts/ports";
import { tagKeys } from "../contracts/tags";
import { Component, type Transform, transform } from "./component";
import { checkTier } from "./gpu-checks";
import { lifecycleHookSettings } from "./gpu-lifecycle";
import type { GpuLoadBalancer } from "./gpu-load-balancer";
import { nodeEnvironment } from "./gpu-node-environment";
import { allowLifecycle, createNodeProfile } from "./gpu-node-profile";
import { createScaling } from "./gpu-policies";
import { reportFindings } from "./gpu-report";
import { collectedGroupMetrics } from "./gpu-scaling";
import type { TierSettings } from "./gpu-settings";
import { gpuUserData } from "./gpu-user-data";
import { suffixedName } from "./physical-names";

export interface GpuTierArgs {
  readonly settings: TierSettings;
  readonly vpcId: pulumi.Input<string>;
  /** Private subnets. */
  readonly subnetIds: pulumi.Input<string[]>;
  readonly loadBalancer: GpuLoadBalancer;
  /** AMI id, read at deploy time: a parameter reference in the template would rule out rollback. */
  readonly imageId: pulumi.Input<string>;
  /** False until an image is released: the group is declared and launches nothing. */
  readonly launch: pulumi.Input<boolean>;
  /** Bucket of weights and adapters. */
  readonly modelBucket: pulumi.Input<string>;
  /** Days that the nodes' logs are kept. */
  readonly logDays: number;
  /** Tags of nodes and volumes, beside the tier's own. No key may hold a space or a slash, since tags are in metadata. */
  readonly tags: Readonly<Record<string, pulumi.Input<string>>>;
  /** Topic that is told when a node fails to launch or to terminate. */
  readonly alertsTopicArn: pulumi.Input<string>;
  /** Let a destroy take nodes away without waiting for their hooks. */
  readonly forceDelete: boolean;
  /** Where the settings are written, for messages: file and key. */
  readonly where: string;
  /** Changes the child resources. */
  readonly transform?: {
    readonly launchTemplate?: Transform<aws.ec2.LaunchTemplateArgs>;
    readonly group?: Transform<aws.autoscaling.GroupArgs>;
    readonly targetGroup?: Transform<aws.lb.TargetGroupArgs>;
  };
}

/**
 * One tier of GPU nodes: launch template, Auto Scaling group with its policies and hooks, and its place behind the internal load
 * balancer. Desired capacity is set at creation and belongs to the policies afterwards.
 *
 * Cost: nodes at their hourly price, $0.08 per GB and month of disk while a node exists, stopped ones included.
 */
export class GpuTier extends Component {
  /** Name of the Auto Scaling group: the dimension of the tier's metrics. */
  readonly groupName: pulumi.Output<string>;
  /** Where services ask the tier for inference. */
  readonly url: pulumi.Output<string>;
  readonly targetGroupArn: pulumi.Output<string>;
  /** Suffix of the target group's ARN: the dimension of its metrics. */
  readonly targetGroupSuffix: pulumi.Output<string>;
  readonly settings: TierSettings;

  constructor(name: string, args: GpuTierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu:GpuTier", name, opts);
    const { settings } = args;
    reportFindings(checkTier(settings), `gpu.${settings.tier}`, args.where, this);
    const hooks = lifecycleHookSettings(settings);
    const region = aws.config.requireRegion();

    const securityGroup = createSecurityGroup(this);
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logDays }, { parent: this });
    const { role, profile } = createNodeProfile(this, name, { modelBucket: args.modelBucket, logGroupArn: logs.arn });
    const launchTemplate = createLaunchTemplate(this);
    const targetGroup = createTargetGroup(this);
    const listener = createListener(this);
    const group = createGroup(this);
    allowLifecycle(this, name, role, group);
    createHooks(this);
    createNotification(this);
    createScaling(this, name, settings, {
      group,
      loadBalancer: args.loadBalancer.arnSuffix,
      targetGroup,
      listener,
    });

    this.groupName = group.name;
    this.url = pulumi.interpolate`http://${args.loadBalancer.dnsName}:${tierListenerPorts[settings.tier]}`;
    this.targetGroupArn = targetGroup.arn;
    this.targetGroupSuffix = targetGroup.arnSuffix;
    this.settings = settings;
    this.registerOutputs({ groupName: this.groupName, url: this.url });

    function createSecurityGroup(parent: GpuTier) {
      const nodes = new aws.ec2.SecurityGroup(
        `${name}-nodes`,
        { vpcId: args.vpcId, description: `GPU nodes of the ${settings.tier} tier` },
        { parent },
      );
      const rule = { ipProtocol: "tcp", fromPort: ports.inferenceHost, toPort: ports.inferenceHost };
      new aws.vpc.SecurityGroupIngressRule(
        `${name}-from-load-balancer`,
        {
          securityGroupId: nodes.id,
          referencedSecurityGroupId: args.loadBalancer.securityGroupId,
          ...rule,
          description: "Requests and health checks of the internal load balancer",
        },
        { parent },
      );
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-from-load-balancer-out`,
        {
          securityGroupId: args.loadBalancer.securityGroupId,
          referencedSecurityGroupId: nodes.id,
          ...rule,
          description: `Requests to the ${settings.tier} tier`,
        },
        { parent },
      );
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-https-out`,
        {
          securityGroupId: nodes.id,
          cidrIpv4: "0.0.0.0/0",
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
          description: "AWS APIs: S3, CloudWatch, Systems Manager, Auto Scaling",
        },
        { parent },
      );
      return nodes;
    }

    function createLaunchTemplate(parent: GpuTier) {
      const userData = pulumi
        .all([args.modelBucket, logs.name])
        .apply(([modelBucket, logGroup]) =>
          Buffer.from(gpuUserData(nodeEnvironment({ settings, modelBucket, logGroup, region }))).toString("base64"),
        );
      const tags = { ...args.tags, [tagKeys.tier]: settings.tier, Name: name };
      return new aws.ec2.LaunchTemplate(
        ...transform(
          args.transform?.launchTemplate,
          `${name}-template`,
          {
            description: `GPU node of the ${settings.tier} tier`,
            updateDefaultVersion: true,
            imageId: args.imageId,
            ebsOptimized: "true",
            iamInstanceProfile: { arn: profile.arn },
            metadataOptions: {
              httpEndpoint: "enabled",
              httpTokens: "required",
              httpPutResponseHopLimit: 1,
              instanceMetadataTags: "enabled",
            },
            networkInterfaces: [
              {
                deviceIndex: 0,
                associatePublicIpAddress: "false",
                deleteOnTermination: "true",
                securityGroups: [securityGroup.id],
              },
            ],
            blockDeviceMappings: [
              {
                deviceName: "/dev/sda1",
                ebs: {
                  volumeType: "gp3",
                  volumeSize: settings.diskGb,
                  iops: 3000,
                  throughput: 125,
                  // Without a rate the blocks of the image come from S3 as each is first read, minutes into the engine's start.
                  volumeInitializationRate: volumeInitializationMiB,
                  encrypted: "true",
                  deleteOnTermination: "true",
                },
              },
            ],
            tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
              resourceType,
              tags,
            })),
            userData,
          },
          { parent },
        ),
      );
    }

    function createTargetGroup(parent: GpuTier) {
      const logicalName = `${name}-targets`;
      return new aws.lb.TargetGroup(
        ...transform(
          args.transform?.targetGroup,
          logicalName,
          {
            name: suffixedName(parent, "aws:lb/targetGroup:TargetGroup", logicalName, {
              vpcId: args.vpcId,
              port: String(ports.inferenceHost),
            }),
            vpcId: args.vpcId,
            port: ports.inferenceHost,
            protocol: "HTTP",
            targetType: "instance",
            // No slow start: the API refuses it beside least outstanding requests.
            loadBalancingAlgorithmType: "least_outstanding_requests",
            deregistrationDelay: drainSeconds,
            // Slow to condemn: an engine that restarts is back in about 60 s, a new node takes three times that.
            healthCheck: {
              path: healthPaths.inferenceHost.ready,
              protocol: "HTTP",
              port: "traffic-port",
              matcher: "200",
              interval: 10,
              timeout: 5,
              healthyThreshold: 2,
              unhealthyThreshold: 9,
            },
          },
          { parent },
        ),
      );
    }

    function createListener(parent: GpuTier) {
      return new aws.lb.Listener(
        `${name}-listener`,
        {
          loadBalancerArn: args.loadBalancer.arn,
          port: tierListenerPorts[settings.tier],
          protocol: "HTTP",
          defaultActions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
        },
        { parent },
      );
    }

    function createGroup(parent: GpuTier) {
      const { warmPool } = settings;
      const spot = settings.onDemandPercentage < 100;
      const groupTags = { ...args.tags, [tagKeys.tier]: settings.tier, Name: name };
      return new aws.autoscaling.Group(
        ...transform(
          args.transform?.group,
          `${name}-group`,
          {
            minSize: settings.min,
            maxSize: settings.max,
            desiredCapacity: settings.min,
            vpcZoneIdentifiers: args.subnetIds,
            targetGroupArns: [targetGroup.arn],
            healthCheckType: "ELB",
            healthCheckGracePeriod: 120,
            defaultInstanceWarmup: settings.warmupSeconds,
            capacityRebalance: spot,
            mixedInstancesPolicy: {
              launchTemplate: {
                launchTemplateSpecification: {
                  launchTemplateId: launchTemplate.id,
                  // A number, never $Latest: a refresh starts and rolls back only between numbered versions.
                  version: launchTemplate.latestVersion.apply(String),
                },
                overrides: settings.instanceTypes.map((instanceType) => ({ instanceType })),
              },
              instancesDistribution: {
                onDemandBaseCapacity: settings.onDemandBase,
                onDemandPercentageAboveBaseCapacity: settings.onDemandPercentage,
                onDemandAllocationStrategy: "prioritized",
                spotAllocationStrategy: "price-capacity-optimized",
              },
            },
            // A replacement is launched first: with the last node of a group the tier would go away.
            instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 110 },
            terminationPolicies: ["AllocationStrategy", "OldestLaunchTemplate", "Default"],
            instanceRefresh: {
              strategy: "Rolling",
              preferences: {
                minHealthyPercentage: 100,
                maxHealthyPercentage: 110,
                instanceWarmup: String(settings.warmupSeconds),
                autoRollback: true,
                skipMatching: true,
              },
            },
            initialLifecycleHooks: hooks.map(
              ({ name: hook, lifecycleTransition, heartbeatTimeout, defaultResult }) => ({
                name: hook,
                lifecycleTransition,
                heartbeatTimeout,
                defaultResult,
              }),
            ),
            warmPool: warmPool && {
              poolState: warmPool.state === "stopped" ? "Stopped" : "Running",
              minSize: warmPool.minSize,
              maxGroupPreparedCapacity: warmPool.maxPrepared,
              instanceReusePolicy: { reuseOnScaleIn: warmPool.reuseOnScaleIn },
            },
            enabledMetrics: [...collectedGroupMetrics],
            metricsGranularity: "1Minute",
            suspendedProcesses: pulumi.output(args.launch).apply((launch) => (launch ? [] : ["Launch"])),
            // A node is in service when its model answers, minutes after its launch, and the group may rightly be at zero.
            waitForCapacityTimeout: "0",
            forceDelete: args.forceDelete,
            forceDeleteWarmPool: true,
            tags: Object.entries(groupTags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
          },
          { parent, dependsOn: [listener], ignoreChanges: ["desiredCapacity", "initialLifecycleHooks"] },
        ),
      );
    }

    /** A group that cannot launch retries in silence. */
    function createNotification(parent: GpuTier) {
      new aws.autoscaling.Notification(
        `${name}-errors`,
        {
          groupNames: [group.name],
          notifications: ["autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"],
          topicArn: args.alertsTopicArn,
        },
        { parent },
      );
    }

    /** The same hooks again as resources: those of the group itself are only read when it is created. */
    function createHooks(parent: GpuTier) {
      for (const { name: hook, lifecycleTransition, heartbeatTimeout, defaultResult } of hooks) {
        new aws.autoscaling.LifecycleHook(
          `${name}-hook-${hook}`,
          { name: hook, autoscalingGroupName: group.name, lifecycleTransition, heartbeatTimeout, defaultResult },
          { parent },
        );
      }
    }
  }
}
