import type { PropertyMap } from "../../../types";
import type { Case } from "./graph";

const ref = (path: string): PropertyMap => ({ $ref: path });
const container = { image: "nginx:1.27", cpu: 256, memory: 512, essential: true };
const twoSubnets = [ref("subnet.id"), ref("otherSubnet.id")];
const network = { subnets: ["subnet-1"], securityGroups: ["sg-1"] };

/** Configurations of the other components, by type. */
const configurations: Readonly<Record<string, Readonly<Record<string, PropertyMap>>>> = {
  "awsx:ecr:Repository": {
    "Default-Policy": {},
    arguments: {
      forceDelete: true,
      region: "us-west-2",
      imageTagMutability: "IMMUTABLE",
      name: "images",
      tags: { a: "b" },
    },
    skipped: { lifecyclePolicy: { skip: true } },
    rules: {
      lifecyclePolicy: {
        rules: [
          { tagStatus: "any", maximumNumberOfImages: 9 },
          { tagStatus: "tagged", tagPrefixList: ["v"], maximumAgeLimit: 30, description: "old" },
          { tagStatus: "untagged", maximumAgeLimit: 1 },
        ],
      },
    },
    "refused-two-any": {
      lifecyclePolicy: {
        rules: [
          { tagStatus: "any", maximumNumberOfImages: 9 },
          { tagStatus: "any", maximumNumberOfImages: 8 },
        ],
      },
    },
    "refused-no-prefix": { lifecyclePolicy: { rules: [{ tagStatus: "tagged", maximumAgeLimit: 1 }] } },
    "refused-no-count": { lifecyclePolicy: { rules: [{ tagStatus: "untagged" }] } },
  },
  "awsx:ecr:Image": {
    plain: { repositoryUrl: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images" },
    arguments: {
      repositoryUrl: "https://example.com/images",
      registryId: "123456789012",
      context: "./app",
      dockerfile: "./app/Dockerfile.web",
      args: { A: "b" },
      platform: "linux/amd64",
      target: "web",
      cacheFrom: ["example.com/images:cache"],
    },
    tagged: { repositoryUrl: "example.com/images", imageTag: "tagged-image" },
    named: { repositoryUrl: "example.com/images", imageName: "named-image" },
  },
  "awsx:ec2:DefaultVpc": { plain: {} },
  "awsx:lb:ApplicationLoadBalancer": {
    plain: {},
    subnets: { subnets: [ref("subnet"), ref("otherSubnet")], internal: true, tags: { a: "b" } },
    ids: { subnetIds: twoSubnets, defaultTargetGroupPort: 8080 },
    mappings: { subnetMappings: [{ subnetId: ref("subnet.id") }] },
    listener: {
      subnetIds: ["subnet-1"],
      listener: { port: 443, certificateArn: "arn:c" },
      defaultTargetGroup: { port: 8080 },
    },
    "listener-protocol": { subnetIds: ["subnet-1"], listener: { protocol: "HTTPS" } },
    "listener-output": { subnetIds: ["subnet-1"], listener: { port: ref("targetGroup.port") } },
    "one-listener": { subnetIds: ["subnet-1"], listeners: [{ port: 80 }] },
    listeners: { subnetIds: ["subnet-1"], listeners: [{ port: 443, protocol: "HTTPS" }, { port: 80 }] },
    "given-group": { subnetIds: ["subnet-1"], securityGroups: ["sg-1"] },
    "default-group": { subnetIds: ["subnet-1"], defaultSecurityGroup: { securityGroupId: "sg-2" } },
    "group-arguments": {
      subnetIds: ["subnet-1"],
      defaultSecurityGroup: { args: { vpcId: "vpc-1", description: "own" } },
    },
    "no-group": { subnetIds: ["subnet-1"], defaultSecurityGroup: { skip: true } },
    "refused-two-subnets": { subnetIds: ["subnet-1"], subnetMappings: [{ subnetId: "subnet-1" }] },
    "refused-two-listeners": { subnetIds: ["subnet-1"], listener: { port: 80 }, listeners: [{ port: 80 }] },
    "refused-two-targets": { subnetIds: ["subnet-1"], defaultTargetGroup: { port: 80 }, defaultTargetGroupPort: 80 },
    "refused-two-groups": { subnetIds: ["subnet-1"], defaultSecurityGroup: { args: {}, securityGroupId: "sg-1" } },
  },
  "awsx:lb:NetworkLoadBalancer": {
    plain: {},
    subnets: { subnets: [ref("subnet")], enableCrossZoneLoadBalancing: true },
    listeners: {
      subnetIds: twoSubnets,
      listeners: [
        { port: 443, protocol: "TLS" },
        { port: 53, protocol: "UDP" },
      ],
    },
    listener: { subnetIds: twoSubnets, listener: { port: 25 }, defaultTargetGroup: { port: 2525, targetType: "ip" } },
    "target-port": { subnetIds: twoSubnets, defaultTargetGroupPort: 9000, securityGroups: ["sg-1"] },
    "refused-two-subnets": { subnetIds: ["subnet-1"], subnets: [ref("subnet")] },
  },
  "awsx:ecs:FargateTaskDefinition": {
    plain: { container },
    "known-log-group": {
      container: { ...container, name: "web" },
      logGroup: { args: { name: "logs", retentionInDays: 7 } },
    },
    "existing-log-group": { container, logGroup: { existing: { name: "logs" } } },
    "existing-log-group-region": { container, logGroup: { existing: { name: "logs", region: "us-west-2" } } },
    "log-group-arn": {
      container,
      logGroup: { existing: { arn: "arn:aws:logs:eu-west-1:123456789012:log-group:logs" } },
    },
    "no-log-group": { container, logGroup: { skip: true } },
    "own-logs": { logGroup: { skip: true }, container: { ...container, logConfiguration: { logDriver: "splunk" } } },
    several: {
      logGroup: { skip: true },
      containers: {
        web: { ...container, portMappings: [{ containerPort: 80 }, { hostPort: 81, protocol: "udp" }] },
        api: { image: "api", memoryReservation: 9000, memory: 10, cpu: 1025, environment: [{ name: "A", value: "b" }] },
      },
    },
    "target-group": {
      container: { ...container, portMappings: [{ targetGroup: ref("targetGroup") }] },
      logGroup: { skip: true },
    },
    "image-of-a-repository": { container: { ...container, image: ref("repository.repositoryUrl") } },
    roles: {
      container,
      logGroup: { skip: true },
      taskRole: { args: { policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"], name: "task", tags: { a: "b" } } },
      executionRole: { roleArn: "arn:aws:iam::123456789012:role/execution" },
    },
    "no-roles": { container, logGroup: { skip: true }, taskRole: { skip: true }, executionRole: { skip: true } },
    arguments: {
      container,
      logGroup: { skip: true },
      cpu: "512",
      memory: "1024",
      family: "mine",
      runtimePlatform: { cpuArchitecture: "ARM64" },
      volumes: [{ name: "data" }],
      tags: { a: "b" },
    },
    "large-size": { container: { image: "x", cpu: 8192, memory: 21_000 }, logGroup: { skip: true } },
    "largest-size": { container: { image: "x", cpu: 20_000, memory: 130_000 }, logGroup: { skip: true } },
    "refused-size": { container: { image: "x", cpu: 40_000 }, logGroup: { skip: true } },
    "refused-no-container": {},
    "refused-both": { container, containers: { a: container } },
    "refused-role": { container, taskRole: { args: {}, roleArn: "arn" } },
    "refused-log-group": { container, logGroup: { args: {}, existing: { name: "logs" } } },
    "refused-log-group-arn": { container, logGroup: { existing: { arn: "arn:aws:s3:::bucket" } } },
    "refused-no-arn": { container, logGroup: { existing: { arn: "logs" } } },
  },
  "awsx:ecs:EC2TaskDefinition": {
    plain: { container },
    arguments: { container, networkMode: "bridge", cpu: "512", logGroup: { skip: true } },
  },
  "awsx:ecs:FargateService": {
    "own-task": {
      cluster: ref("cluster.arn"),
      networkConfiguration: network,
      taskDefinitionArgs: { container: { ...container, portMappings: [{ targetGroup: ref("targetGroup") }] } },
    },
    "given-task": { taskDefinition: "family:1", networkConfiguration: network, desiredCount: 3, tags: { a: "b" } },
    "default-network": { taskDefinition: "family:1", assignPublicIp: true },
    "default-network-private": { taskDefinition: "family:1" },
    "goes-on": { taskDefinition: "family:1", networkConfiguration: network, continueBeforeSteadyState: true },
    "capacity-providers": {
      taskDefinition: "family:1",
      networkConfiguration: network,
      capacityProviderStrategies: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }],
    },
    "cluster-default": {
      taskDefinition: "family:1",
      networkConfiguration: network,
      useClusterDefaultCapacityProviderStrategy: true,
      loadBalancers: [{ containerName: "web", containerPort: 80, targetGroupArn: "arn" }],
    },
    "refused-no-task": { networkConfiguration: network },
    "refused-two-tasks": {
      networkConfiguration: network,
      taskDefinition: "family:1",
      taskDefinitionArgs: { container },
    },
    "refused-two-networks": { networkConfiguration: network, taskDefinition: "family:1", assignPublicIp: true },
    "refused-two-strategies": {
      networkConfiguration: network,
      taskDefinition: "family:1",
      capacityProviderStrategies: [],
      useClusterDefaultCapacityProviderStrategy: true,
    },
  },
  "awsx:ecs:EC2Service": {
    "own-task": { cluster: ref("cluster.arn"), taskDefinitionArgs: { container, logGroup: { skip: true } } },
    "given-task": { taskDefinition: "family:1", networkConfiguration: network },
  },
  "awsx:cloudtrail:Trail": {
    plain: {},
    arguments: { isMultiRegionTrail: true, s3KeyPrefix: "logs", tags: { a: "b" } },
    "with-logs": { cloudWatchLogsGroup: { enable: true } },
    "named-logs": { cloudWatchLogsGroup: { enable: true, args: { name: "trail" } } },
    "existing-logs": { cloudWatchLogsGroup: { enable: true, existing: { name: "trail" } } },
    "bucket-arguments": { s3Bucket: { args: { forceDestroy: false, tags: { a: "b" } } } },
    "existing-bucket": { s3Bucket: { existing: { name: "bucket" } } },
    "existing-bucket-arn": { s3Bucket: { existing: { arn: "arn:aws:s3:::bucket" } } },
    "refused-two-buckets": { s3Bucket: { existing: { name: "bucket" }, args: {} } },
    "refused-no-bucket": { s3Bucket: { existing: {} } },
  },
};

export const componentCases: readonly Case[] = Object.entries(configurations).flatMap(([type, ofType]) =>
  Object.entries(ofType).map(([name, args]) => ({ type, name: `${type.split(":")[2]}-${name}`, args })),
);
