// A stack of the shape of this platform's prod, written with the AWS CDK: a network of three zones, 22 Fargate services with
// scaling behind one load balancer, a database, a cache, two GPU groups with three policies each, alarms.
const { App, Stack, Duration, RemovalPolicy } = require("aws-cdk-lib");
const autoscaling = require("aws-cdk-lib/aws-autoscaling");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecs = require("aws-cdk-lib/aws-ecs");
const elasticache = require("aws-cdk-lib/aws-elasticache");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const logs = require("aws-cdk-lib/aws-logs");
const rds = require("aws-cdk-lib/aws-rds");
const secretsmanager = require("aws-cdk-lib/aws-secretsmanager");
const sns = require("aws-cdk-lib/aws-sns");

const app = new App();
const stack = new Stack(app, "prod");
const vpc = new ec2.Vpc(stack, "vpc", { maxAzs: 3, natGateways: 3 });
const cluster = new ecs.Cluster(stack, "cluster", { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
const balancer = new elb.ApplicationLoadBalancer(stack, "edge", { vpc, internetFacing: true });
const listener = balancer.addListener("http", { port: 80, defaultAction: elb.ListenerAction.fixedResponse(404) });
new sns.Topic(stack, "alerts");

for (let index = 0; index < 22; index++) {
  const name = `service-${index}`;
  const task = new ecs.FargateTaskDefinition(stack, `${name}-task`, { cpu: 256, memoryLimitMiB: 512 });
  const secret = new secretsmanager.Secret(stack, `${name}-key`);
  task.addContainer("main", {
    image: ecs.ContainerImage.fromRegistry("public.ecr.aws/docker/library/node:22"),
    portMappings: [{ containerPort: 8080 }],
    secrets: { API_KEY: ecs.Secret.fromSecretsManager(secret) },
    logging: ecs.LogDrivers.awsLogs({
      streamPrefix: name,
      logGroup: new logs.LogGroup(stack, `${name}-logs`, { retention: logs.RetentionDays.ONE_YEAR }),
    }),
  });
  const service = new ecs.FargateService(stack, name, { cluster, taskDefinition: task, minHealthyPercent: 100 });
  listener.addTargets(name, {
    port: 8080,
    protocol: elb.ApplicationProtocol.HTTP,
    priority: index + 1,
    conditions: [elb.ListenerCondition.pathPatterns([`/${name}/*`])],
    targets: [service],
    healthCheck: { path: "/health" },
  });
  service
    .autoScaleTaskCount({ minCapacity: 1, maxCapacity: 4 })
    .scaleOnCpuUtilization("cpu", { targetUtilizationPercent: 60 });
}

new rds.DatabaseInstance(stack, "database", {
  vpc,
  engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.R6G, ec2.InstanceSize.LARGE),
  multiAz: true,
  storageEncrypted: true,
  backupRetention: Duration.days(30),
  removalPolicy: RemovalPolicy.RETAIN,
});
const subnetGroup = new elasticache.CfnSubnetGroup(stack, "cache-subnets", {
  description: "cache",
  subnetIds: vpc.privateSubnets.map(({ subnetId }) => subnetId),
});
new elasticache.CfnReplicationGroup(stack, "cache", {
  replicationGroupDescription: "cache",
  engine: "valkey",
  cacheNodeType: "cache.r7g.large",
  numCacheClusters: 3,
  cacheSubnetGroupName: subnetGroup.ref,
  transitEncryptionEnabled: true,
});

for (const [tier, size, maxCapacity] of [
  ["gold", "xlarge", 50],
  ["silver", "2xlarge", 30],
]) {
  const group = new autoscaling.AutoScalingGroup(stack, tier, {
    vpc,
    minCapacity: 1,
    maxCapacity,
    launchTemplate: new ec2.LaunchTemplate(stack, `${tier}-template`, {
      instanceType: new ec2.InstanceType(`g5.${size}`),
      machineImage: ec2.MachineImage.genericLinux({ "us-east-1": "ami-12345678" }),
      requireImdsv2: true,
      securityGroup: new ec2.SecurityGroup(stack, `${tier}-nodes`, { vpc }),
    }),
  });
  for (const [metricName, targetValue] of [
    ["GPUUtilization", 70],
    ["GPUMemoryPressure", 75],
    ["QueueDepth", 4],
  ]) {
    const metric = new cloudwatch.Metric({
      namespace: "AI-Gaming/GPU",
      metricName,
      dimensionsMap: { AutoScalingGroupName: group.autoScalingGroupName },
    });
    group.scaleToTrackMetric(metricName, { metric, targetValue });
    metric.createAlarm(stack, `${tier}-${metricName}`, { threshold: 95, evaluationPeriods: 5 });
  }
}
app.synth();
console.log(JSON.stringify({ resources: Object.keys(app.synth().getStackByName("prod").template.Resources).length }));
