import {
  CreateBucketCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { tagKeys } from "../../../contracts/tags";
import { type Check, checkAgainstMoto } from "../../../runtime/testing/moto";
import { type AwsCall, awsCall, valuesOf } from "../cloud/aws-call";
import { awsCloud } from "../cloud/aws-cloud";
import type { Cloud } from "../cloud/cloud";
import { orphansOf } from "../decisions";
import { sweep } from "../sweep";

// Makes what stacks leave behind in moto, an emulator of AWS that is no part of this project, and reaps it: `npm run test:moto`.

const region = "us-east-1";
const now = new Date("2026-11-27T12:00:00Z");
const past = "2026-11-27T11:00:00Z";
const future = "2026-11-28T11:00:00Z";

const tagsOf = (stack: string, expiresAt: string): Record<string, string> => ({
  [tagKeys.project]: "game-ai-platform",
  [tagKeys.stack]: stack,
  [tagKeys.expires]: expiresAt,
});
const upper = (tags: Record<string, string>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const lower = (tags: Record<string, string>) => Object.entries(tags).map(([key, value]) => ({ key, value }));

/** One resource of nearly every kind that a stack makes, standing on each other as they do there. */
async function makeStack(aws: AwsCall, stack: string, expiresAt: string): Promise<void> {
  const tags = tagsOf(stack, expiresAt);
  const name = (of: string) => `gaming-${stack}-${of}`;
  const spec = (ResourceType: string) => ({ TagSpecification: [{ ResourceType, Tag: upper(tags) }] });
  const one = async (element: string, call: Promise<string>): Promise<string> => valuesOf(await call, element)[0]!;
  const ec2 = (action: string, parameters: object) => aws.xml("ec2", action, parameters as Record<string, unknown>);

  const VpcId = await one("vpcId", ec2("CreateVpc", { CidrBlock: "10.30.0.0/16", ...spec("vpc") }));
  const subnets: string[] = [];
  for (const [index, zone] of ["a", "b"].entries()) {
    const CidrBlock = `10.30.${index}.0/24`;
    const subnet = { VpcId, CidrBlock, AvailabilityZone: `${region}${zone}`, ...spec("subnet") };
    subnets.push(await one("subnetId", ec2("CreateSubnet", subnet)));
  }
  const InternetGatewayId = await one("internetGatewayId", ec2("CreateInternetGateway", spec("internet-gateway")));
  await ec2("AttachInternetGateway", { InternetGatewayId, VpcId });
  await ec2("CreateRouteTable", { VpcId, ...spec("route-table") });
  const AllocationId = await one("allocationId", ec2("AllocateAddress", { Domain: "vpc", ...spec("elastic-ip") }));
  await ec2("CreateNatGateway", { SubnetId: subnets[0], AllocationId, ...spec("natgateway") });
  const groups: string[] = [];
  for (const of of ["one", "two"]) {
    const group = { GroupName: name(of), GroupDescription: of, VpcId, ...spec("security-group") };
    groups.push(await one("groupId", ec2("CreateSecurityGroup", group)));
  }
  // Each lets the other in, so that neither can go first.
  for (const [index, GroupId] of groups.entries()) {
    const other = groups[1 - index];
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, Groups: [{ GroupId: other }] }];
    await ec2("AuthorizeSecurityGroupIngress", { GroupId, IpPermissions });
  }
  const template = {
    LaunchTemplateName: name("nodes"),
    LaunchTemplateData: { InstanceType: "g5.xlarge", ImageId: "ami-12c6146b" },
  };
  await ec2("CreateLaunchTemplate", { ...template, ...spec("launch-template") });
  await aws.xml("autoscaling", "CreateAutoScalingGroup", {
    AutoScalingGroupName: name("nodes"),
    LaunchTemplate: { LaunchTemplateName: name("nodes"), Version: "1" },
    MinSize: 0,
    MaxSize: 1,
    VPCZoneIdentifier: subnets.join(","),
    Tags: upper(tags).map((tag) => ({ ...tag, PropagateAtLaunch: true })),
  });

  const tagList = { Tags: upper(tags) };
  const LoadBalancerArn = await one(
    "LoadBalancerArn",
    aws.xml("elbv2", "CreateLoadBalancer", { Name: name("edge"), Subnets: subnets, ...tagList }),
  );
  const targets = { Name: name("tg"), Protocol: "HTTP", Port: 80, VpcId, ...tagList };
  const TargetGroupArn = await one("TargetGroupArn", aws.xml("elbv2", "CreateTargetGroup", targets));
  const DefaultActions = [{ Type: "forward", TargetGroupArn }];
  await aws.xml("elbv2", "CreateListener", { LoadBalancerArn, Protocol: "HTTP", Port: 80, DefaultActions, ...tagList });

  await aws.xml("rds", "CreateDBSubnetGroup", {
    DBSubnetGroupName: name("db"),
    DBSubnetGroupDescription: "x",
    "SubnetIds.SubnetIdentifier.1": subnets[0],
    "SubnetIds.SubnetIdentifier.2": subnets[1],
    ...numbered("Tags.Tag", tags),
  });
  await aws.xml("rds", "CreateDBInstance", {
    DBInstanceIdentifier: name("database-1a2b3c"),
    DBInstanceClass: "db.t4g.micro",
    Engine: "postgres",
    AllocatedStorage: 20,
    DBSubnetGroupName: name("db"),
    MasterUsername: "platform",
    MasterUserPassword: "password-of-moto",
    ...numbered("Tags.Tag", tags),
  });
  await aws.json("logs", "CreateLogGroup", { logGroupName: name("logs"), tags });
  await aws.json("logs", "CreateLogGroup", { logGroupName: `/aws/rds/instance/${name("database-1a2b3c")}/postgresql` });
  await aws.xml("sns", "CreateTopic", { Name: name("events"), ...tagList });
  await aws.json("sqs", "CreateQueue", { QueueName: name("events"), tags });
  await aws.json("secretsmanager", "CreateSecret", { Name: name("key"), SecretString: "x", ...tagList });
  await aws.json("ssm", "PutParameter", { Name: `/${name("parameter")}`, Value: "x", Type: "String", ...tagList });
  await aws.json("servicediscovery", "CreateHttpNamespace", { Name: name("mesh"), ...tagList });
  await aws.xml("cloudwatch", "PutMetricAlarm", {
    AlarmName: name("alarm"),
    ComparisonOperator: "GreaterThanThreshold",
    EvaluationPeriods: 1,
    MetricName: "m",
    Namespace: "n",
    Period: 60,
    Statistic: "Sum",
    Threshold: 1,
    ...tagList,
  });
  const VisibilityConfig = { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: "m" };
  const acl = {
    Name: name("acl"),
    Scope: "REGIONAL",
    DefaultAction: { Allow: {} },
    VisibilityConfig,
    Rules: [],
    ...tagList,
  };
  await aws.json("wafv2", "CreateWebACL", acl);

  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  const RoleName = name("role");
  await aws.xml("iam", "CreateRole", { RoleName, AssumeRolePolicyDocument, ...tagList });
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
  });
  await aws.xml("iam", "PutRolePolicy", { RoleName, PolicyName: "inline", PolicyDocument });
  await aws.xml("iam", "CreateInstanceProfile", { InstanceProfileName: RoleName });
  await aws.xml("iam", "AddRoleToInstanceProfile", { InstanceProfileName: RoleName, RoleName });

  const { cluster } = (await aws.json("ecs", "CreateCluster", { clusterName: name("cluster"), tags: lower(tags) })) as {
    cluster: { clusterArn: string };
  };
  const containerDefinitions = [{ name: "main", image: "node", memory: 128 }];
  const task = { family: name("task"), containerDefinitions, tags: lower(tags) };
  await aws.json("ecs", "RegisterTaskDefinition", task);
  const service = {
    cluster: cluster.clusterArn,
    serviceName: name("service"),
    taskDefinition: name("task"),
    desiredCount: 1,
  };
  await aws.json("ecs", "CreateService", { ...service, tags: lower(tags) });

  const s3 = new S3Client({ region, forcePathStyle: true });
  const Bucket = name("documents");
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: upper(tags) } }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  for (const Body of ["one", "two"]) await s3.send(new PutObjectCommand({ Bucket, Key: "file", Body }));
  s3.destroy();
}

/** The list form of services that do not call their items `member`. */
const numbered = (stem: string, tags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value], index) => [
      [`${stem}.${index + 1}.Key`, key],
      [`${stem}.${index + 1}.Value`, value],
    ]),
  );

/** A cloud that breaks off at a removal, as a reaper that is killed does. */
function breakingOff(cloud: Cloud, at: number): Cloud {
  let count = 0;
  return {
    ...cloud,
    remove: async (resource) => {
      count += 1;
      if (count > at) throw new Error("killed");
      return cloud.remove(resource);
    },
  };
}

async function reapAndRead(endpoint: string): Promise<Check[]> {
  process.env.AWS_ENDPOINT_URL = endpoint;
  const aws = awsCall({ region, endpoint });
  const cloud = awsCloud(aws);
  for (const [stack, expiresAt] of [
    ["pr-1", past],
    ["pr-1-2", future],
    ["prod", past],
  ] as const) {
    await makeStack(aws, stack, expiresAt);
  }
  const kinds = (arns: readonly string[]) => [...new Set(arns.map((arn) => arn.split(":")[2]))].sort().join(" ");
  const others = async () =>
    (await Promise.all(["pr-1-2", "prod"].map((stack) => cloud.find(stack))))
      .flat()
      .map(({ arn }) => arn)
      .sort();
  const before = await others();
  const orphans = orphansOf(await cloud.find(), [], now);
  const checks: Check[] = [
    {
      name: "finds the expired stack alone",
      passed: orphans.length >= 20 && orphans.every(({ stack }) => stack === "pr-1"),
      detail: `${orphans.length} resources of ${kinds(orphans.map(({ arn }) => arn))}`,
    },
  ];
  // Broken off again and again, each time a little later, and taken up by the next.
  for (let at = 0; at < orphans.length; at += 5) await sweep(breakingOff(cloud, at), await cloud.find("pr-1"));
  const last = await sweep(cloud, await cloud.find("pr-1"));
  // The logs of a database show as left behind once it is gone.
  const logs = await sweep(cloud, await cloud.find("pr-1"));
  // What is listed all the same says itself that it is gone.
  const listed = await cloud.find("pr-1");
  const states = await Promise.all(
    listed.map(async (resource) => [resource.arn, await cloud.remove(resource)] as const),
  );
  const left = states.filter(([, state]) => state !== "gone");
  checks.push({
    name: "leaves nothing of it, however often it was broken off",
    passed: last.remaining.length === 0 && logs.remaining.length === 0 && left.length === 0,
    detail: JSON.stringify([...last.remaining, ...left]),
  });
  const after = await others();
  checks.push({
    name: "touches no other, not even one whose name begins alike",
    passed: before.length >= 40 && JSON.stringify(before) === JSON.stringify(after),
    detail: `${after.length} of ${before.length} resources there`,
  });
  return checks;
}

void checkAgainstMoto("reaping", reapAndRead).then((code) => {
  process.exitCode = code;
});
