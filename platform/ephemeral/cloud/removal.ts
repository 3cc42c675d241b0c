import { type AwsCall, AwsError, valuesOf } from "./aws-call";
import { emptyBucket } from "./empty-bucket";

/** What of an ARN a removal needs. */
export interface Arn {
  readonly service: string;
  readonly region: string;
  /** Everything behind the account, such as `subnet/subnet-1`. */
  readonly resource: string;
  readonly whole: string;
}

/** Takes an ARN apart: `arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1`. */
export function parseArn(whole: string): Arn {
  const [, , service = "", region = "", , ...resource] = whole.split(":");
  return { service, region, resource: resource.join(":"), whole };
}

/**
 * How resources of one kind are removed. Rules run by `order`, lowest first, so that what stands on a resource goes before it; what
 * the cloud still refuses for that reason is tried again in the next round.
 */
export interface RemovalRule {
  /** Beginning of `service:resource` of the ARNs that it is for. */
  readonly prefix: string;
  /** Type of Pulumi's resources that come to such ARNs. @default none: AWS makes them itself */
  readonly type?: string;
  readonly order: number;
  /** Absent where AWS removes it together with another resource, which `goesWith` names. */
  readonly remove?: (aws: AwsCall, arn: Arn) => Promise<unknown>;
  readonly goesWith?: string;
  /** Why it may stay for a while, in words; without `remove` and `goesWith`, why it stays until a person removes it. */
  readonly lingers?: string;
  /** For what AWS still shows after its end: whether that has come. */
  readonly isGone?: (aws: AwsCall, arn: Arn) => Promise<boolean>;
}

/** The last part of an ARN's resource, behind a slash or a colon. */
const last = ({ resource }: Arn): string => resource.split(/[/:]/).at(-1)!;
/** Everything behind the first slash or colon. */
const rest = ({ resource }: Arn): string => resource.replace(/^[^/:]+[/:]/, "");

/** ECS shows what was deleted for a while, as inactive. */
const isInactive = (shown: unknown): boolean =>
  (shown as { status?: string }[] | undefined)?.[0]?.status === "INACTIVE";

const slowly = "AWS takes minutes to remove it";

export const removalRules: readonly RemovalRule[] = [
  {
    prefix: "autoscaling:autoScalingGroup",
    type: "aws:autoscaling/group:Group",
    order: 10,
    remove: (aws, arn) =>
      aws.xml("autoscaling", "DeleteAutoScalingGroup", {
        AutoScalingGroupName: arn.resource.split("autoScalingGroupName/")[1],
        ForceDelete: true,
      }),
    lingers: slowly,
  },
  {
    prefix: "scheduler:schedule/",
    type: "aws:scheduler/schedule:Schedule",
    order: 10,
    remove: (aws, arn) => {
      const [, group, name] = arn.resource.split("/");
      return aws.rest("scheduler", "DELETE", `/schedules/${name}?groupName=${group}`);
    },
  },
  {
    prefix: "ecs:service/",
    type: "aws:ecs/service:Service",
    order: 10,
    remove: (aws, arn) => {
      const [, cluster, service] = arn.resource.split("/");
      return aws.json("ecs", "DeleteService", { cluster, service, force: true });
    },
    isGone: async (aws, arn) => {
      const [, cluster, service] = arn.resource.split("/");
      const { services } = await aws.json("ecs", "DescribeServices", { cluster, services: [service] });
      return isInactive(services);
    },
  },
  {
    prefix: "ecs:task/",
    order: 15,
    remove: (aws, arn) =>
      aws.json("ecs", "StopTask", { cluster: arn.resource.split("/")[1], task: arn.whole, reason: "removed" }),
  },
  {
    prefix: "ecs:task-definition/",
    type: "aws:ecs/taskDefinition:TaskDefinition",
    order: 20,
    remove: async (aws, arn) => {
      // One that was deregistered before is refused, and can be deleted.
      await aws.json("ecs", "DeregisterTaskDefinition", { taskDefinition: arn.whole }).catch(() => undefined);
      await aws.json("ecs", "DeleteTaskDefinitions", { taskDefinitions: [arn.whole] });
    },
  },
  {
    prefix: "ec2:instance/",
    order: 20,
    remove: (aws, arn) => aws.xml("ec2", "TerminateInstances", { InstanceId: [last(arn)] }),
    isGone: async (aws, arn) => {
      const found = await aws.xml("ec2", "DescribeInstances", { InstanceId: [last(arn)] });
      return valuesOf(found, "name").includes("terminated");
    },
    lingers: slowly,
  },
  {
    prefix: "rds:db:",
    type: "aws:rds/instance:Instance",
    order: 20,
    remove: (aws, arn) =>
      aws.xml("rds", "DeleteDBInstance", {
        DBInstanceIdentifier: rest(arn),
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    lingers: slowly,
  },
  {
    prefix: "elasticache:replicationgroup:",
    type: "aws:elasticache/replicationGroup:ReplicationGroup",
    order: 20,
    remove: (aws, arn) => aws.xml("elasticache", "DeleteReplicationGroup", { ReplicationGroupId: rest(arn) }),
    lingers: slowly,
  },
  {
    prefix: "rds:snapshot:",
    order: 20,
    lingers: "a snapshot is somebody's copy: `aws rds delete-db-snapshot` removes it",
  },
  {
    prefix: "elasticache:snapshot:",
    order: 20,
    lingers: "a snapshot is somebody's copy: `aws elasticache delete-snapshot` removes it",
  },
  { prefix: "elasticache:cluster:", order: 20, goesWith: "its replication group" },
  {
    prefix: "elasticloadbalancing:loadbalancer/",
    type: "aws:lb/loadBalancer:LoadBalancer",
    order: 30,
    remove: (aws, arn) => aws.xml("elbv2", "DeleteLoadBalancer", { LoadBalancerArn: arn.whole }),
  },
  {
    prefix: "elasticloadbalancing:listener",
    type: "aws:lb/listener:Listener",
    order: 30,
    goesWith: "its load balancer",
  },
  {
    prefix: "ec2:natgateway/",
    type: "aws:ec2/natGateway:NatGateway",
    order: 30,
    remove: (aws, arn) => aws.xml("ec2", "DeleteNatGateway", { NatGatewayId: last(arn) }),
    isGone: async (aws, arn) => {
      const found = await aws.xml("ec2", "DescribeNatGateways", { NatGatewayId: [last(arn)] });
      return valuesOf(found, "state").includes("deleted");
    },
    lingers: slowly,
  },
  {
    prefix: "ec2:vpc-endpoint/",
    type: "aws:ec2/vpcEndpoint:VpcEndpoint",
    order: 30,
    remove: (aws, arn) => aws.xml("ec2", "DeleteVpcEndpoints", { VpcEndpointId: [last(arn)] }),
  },
  {
    prefix: "ec2:vpc-flow-log/",
    type: "aws:ec2/flowLog:FlowLog",
    order: 30,
    remove: (aws, arn) => aws.xml("ec2", "DeleteFlowLogs", { FlowLogId: [last(arn)] }),
  },
  {
    prefix: "elasticloadbalancing:targetgroup/",
    type: "aws:lb/targetGroup:TargetGroup",
    order: 40,
    remove: (aws, arn) => aws.xml("elbv2", "DeleteTargetGroup", { TargetGroupArn: arn.whole }),
  },
  {
    prefix: "wafv2:regional/webacl/",
    type: "aws:wafv2/webAcl:WebAcl",
    order: 40,
    remove: async (aws, arn) => {
      const [, , Name, Id] = arn.resource.split("/");
      const acl = { Name, Id, Scope: "REGIONAL" };
      const { LockToken } = await aws.json("wafv2", "GetWebACL", acl);
      await aws.json("wafv2", "DeleteWebACL", { ...acl, LockToken });
    },
  },
  {
    prefix: "ecs:cluster/",
    type: "aws:ecs/cluster:Cluster",
    order: 40,
    remove: (aws, arn) => aws.json("ecs", "DeleteCluster", { cluster: arn.whole }),
    isGone: async (aws, arn) => {
      const { clusters } = await aws.json("ecs", "DescribeClusters", { clusters: [arn.whole] });
      return isInactive(clusters);
    },
  },
  {
    prefix: "ec2:elastic-ip/",
    type: "aws:ec2/eip:Eip",
    order: 50,
    remove: (aws, arn) => aws.xml("ec2", "ReleaseAddress", { AllocationId: last(arn) }),
  },
  {
    prefix: "servicediscovery:namespace/",
    type: "aws:servicediscovery/httpNamespace:HttpNamespace",
    order: 50,
    remove: (aws, arn) => aws.json("servicediscovery", "DeleteNamespace", { Id: last(arn) }),
  },
  {
    prefix: "servicediscovery:service/",
    order: 45,
    remove: (aws, arn) => aws.json("servicediscovery", "DeleteService", { Id: last(arn) }),
  },
  {
    prefix: "ec2:launch-template/",
    type: "aws:ec2/launchTemplate:LaunchTemplate",
    order: 50,
    remove: (aws, arn) => aws.xml("ec2", "DeleteLaunchTemplate", { LaunchTemplateId: last(arn) }),
  },
  {
    prefix: "rds:subgrp:",
    type: "aws:rds/subnetGroup:SubnetGroup",
    order: 50,
    remove: (aws, arn) => aws.xml("rds", "DeleteDBSubnetGroup", { DBSubnetGroupName: rest(arn) }),
  },
  {
    prefix: "rds:pg:",
    type: "aws:rds/parameterGroup:ParameterGroup",
    order: 50,
    remove: (aws, arn) => aws.xml("rds", "DeleteDBParameterGroup", { DBParameterGroupName: rest(arn) }),
  },
  {
    prefix: "elasticache:subnetgroup:",
    type: "aws:elasticache/subnetGroup:SubnetGroup",
    order: 50,
    remove: (aws, arn) => aws.xml("elasticache", "DeleteCacheSubnetGroup", { CacheSubnetGroupName: rest(arn) }),
  },
  {
    prefix: "elasticache:parametergroup:",
    type: "aws:elasticache/parameterGroup:ParameterGroup",
    order: 50,
    remove: (aws, arn) => aws.xml("elasticache", "DeleteCacheParameterGroup", { CacheParameterGroupName: rest(arn) }),
  },
  {
    prefix: "elasticache:usergroup:",
    type: "aws:elasticache/userGroup:UserGroup",
    order: 50,
    remove: (aws, arn) => aws.xml("elasticache", "DeleteUserGroup", { UserGroupId: rest(arn) }),
    lingers: slowly,
  },
  {
    prefix: "elasticache:user:",
    type: "aws:elasticache/user:User",
    order: 55,
    remove: (aws, arn) => aws.xml("elasticache", "DeleteUser", { UserId: rest(arn) }),
    lingers: slowly,
  },
  {
    prefix: "secretsmanager:secret:",
    type: "aws:secretsmanager/secret:Secret",
    order: 60,
    remove: (aws, arn) =>
      aws.json("secretsmanager", "DeleteSecret", { SecretId: arn.whole, ForceDeleteWithoutRecovery: true }),
  },
  {
    prefix: "logs:log-group:",
    type: "aws:cloudwatch/logGroup:LogGroup",
    order: 60,
    remove: (aws, arn) => aws.json("logs", "DeleteLogGroup", { logGroupName: rest(arn).replace(/:\*$/, "") }),
  },
  {
    prefix: "cloudwatch:alarm:",
    type: "aws:cloudwatch/metricAlarm:MetricAlarm",
    order: 60,
    remove: (aws, arn) => aws.xml("cloudwatch", "DeleteAlarms", { AlarmNames: [rest(arn)] }),
  },
  {
    prefix: "sns:",
    type: "aws:sns/topic:Topic",
    order: 60,
    remove: (aws, arn) => aws.xml("sns", "DeleteTopic", { TopicArn: arn.whole }),
  },
  {
    prefix: "sqs:",
    type: "aws:sqs/queue:Queue",
    order: 60,
    remove: async (aws, arn) => {
      const { QueueUrl } = await aws.json("sqs", "GetQueueUrl", { QueueName: arn.resource });
      await aws.json("sqs", "DeleteQueue", { QueueUrl });
    },
  },
  {
    prefix: "s3:",
    type: "aws:s3/bucket:Bucket",
    order: 60,
    remove: (aws, arn) => emptyBucket(aws.region, arn.resource),
  },
  {
    prefix: "ssm:parameter/",
    type: "aws:ssm/parameter:Parameter",
    order: 60,
    remove: (aws, arn) => aws.json("ssm", "DeleteParameter", { Name: arn.resource.replace(/^parameter/, "") }),
  },
  { prefix: "iam:role/", type: "aws:iam/role:Role", order: 60, remove: (aws, arn) => removeRole(aws, last(arn)) },
  {
    prefix: "iam:instance-profile/",
    type: "aws:iam/instanceProfile:InstanceProfile",
    order: 60,
    goesWith: "its role",
  },
  {
    prefix: "ec2:network-interface/",
    order: 70,
    remove: (aws, arn) => aws.xml("ec2", "DeleteNetworkInterface", { NetworkInterfaceId: last(arn) }),
    lingers: "AWS lets go of the interfaces of a stopped task after 20 to 45 minutes",
  },
  { prefix: "ec2:security-group-rule/", order: 70, goesWith: "its security group" },
  {
    prefix: "ec2:security-group/",
    type: "aws:ec2/securityGroup:SecurityGroup",
    order: 75,
    remove: (aws, arn) => removeSecurityGroup(aws, last(arn)),
  },
  {
    prefix: "ec2:subnet/",
    type: "aws:ec2/subnet:Subnet",
    order: 80,
    remove: (aws, arn) => aws.xml("ec2", "DeleteSubnet", { SubnetId: last(arn) }),
  },
  {
    prefix: "ec2:route-table/",
    type: "aws:ec2/routeTable:RouteTable",
    order: 85,
    remove: (aws, arn) => aws.xml("ec2", "DeleteRouteTable", { RouteTableId: last(arn) }),
  },
  {
    prefix: "ec2:internet-gateway/",
    type: "aws:ec2/internetGateway:InternetGateway",
    order: 85,
    remove: (aws, arn) => removeInternetGateway(aws, last(arn)),
  },
  {
    prefix: "ec2:vpc/",
    type: "aws:ec2/vpc:Vpc",
    order: 90,
    remove: (aws, arn) => aws.xml("ec2", "DeleteVpc", { VpcId: last(arn) }),
  },
];

/** The rule for an ARN; undefined where none is written. */
export function removalRule(arn: Arn): RemovalRule | undefined {
  return removalRules.find(({ prefix }) => `${arn.service}:${arn.resource}`.startsWith(prefix));
}

/** Rules of groups that name each other keep both: they go first, and a VPC's own group goes with it. */
async function removeSecurityGroup(aws: AwsCall, GroupId: string): Promise<void> {
  const found = await aws.xml("ec2", "DescribeSecurityGroupRules", {
    Filter: [{ Name: "group-id", Value: [GroupId] }],
  });
  const ids = valuesOf(found, "securityGroupRuleId");
  const egress = valuesOf(found, "isEgress");
  const ofKind = (kind: string) => ids.filter((_, index) => egress[index] === kind);
  const revoke = async (action: string, SecurityGroupRuleId: string[]) => {
    if (SecurityGroupRuleId.length > 0) await aws.xml("ec2", action, { GroupId, SecurityGroupRuleId });
  };
  await revoke("RevokeSecurityGroupIngress", ofKind("false"));
  await revoke("RevokeSecurityGroupEgress", ofKind("true"));
  await aws.xml("ec2", "DeleteSecurityGroup", { GroupId }).catch((error: unknown) => {
    if (!(error instanceof AwsError) || error.code !== "CannotDelete") throw error;
  });
}

async function removeInternetGateway(aws: AwsCall, InternetGatewayId: string): Promise<void> {
  const found = await aws.xml("ec2", "DescribeInternetGateways", { InternetGatewayId: [InternetGatewayId] });
  for (const VpcId of valuesOf(found, "vpcId")) {
    await aws.xml("ec2", "DetachInternetGateway", { InternetGatewayId, VpcId });
  }
  await aws.xml("ec2", "DeleteInternetGateway", { InternetGatewayId });
}

async function removeRole(aws: AwsCall, RoleName: string): Promise<void> {
  const names = async (action: string, element: string) =>
    valuesOf(await aws.xml("iam", action, { RoleName }), element);
  for (const InstanceProfileName of await names("ListInstanceProfilesForRole", "InstanceProfileName")) {
    await aws.xml("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName });
    await aws.xml("iam", "DeleteInstanceProfile", { InstanceProfileName });
  }
  for (const PolicyArn of await names("ListAttachedRolePolicies", "PolicyArn")) {
    await aws.xml("iam", "DetachRolePolicy", { RoleName, PolicyArn });
  }
  for (const PolicyName of await names("ListRolePolicies", "member"))
    await aws.xml("iam", "DeleteRolePolicy", { RoleName, PolicyName });
  await aws.xml("iam", "DeleteRole", { RoleName });
}

/** Types of an ephemeral stack that carry no tags and leave nothing of their own behind: what each goes with. */
export const goesWith: Readonly<Record<string, string>> = {
  "aws:autoscaling/lifecycleHook:LifecycleHook": "its group",
  "aws:autoscaling/notification:Notification": "its group",
  "aws:autoscaling/policy:Policy": "its group",
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "its VPC",
  "aws:ec2/route:Route": "its route table",
  "aws:ec2/routeTableAssociation:RouteTableAssociation": "its subnet",
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "its cluster",
  "aws:iam/rolePolicy:RolePolicy": "its role",
  "aws:lb/listenerRule:ListenerRule": "its listener",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "its bucket",
  "aws:s3/bucketLogging:BucketLogging": "its bucket",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "its bucket",
  "aws:s3/bucketPolicy:BucketPolicy": "its bucket",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "its bucket",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "its bucket",
  "aws:s3/bucketVersioning:BucketVersioning": "its bucket",
  "aws:secretsmanager/secretVersion:SecretVersion": "its secret",
  "aws:sns/topicPolicy:TopicPolicy": "its topic",
  "aws:sns/topicSubscription:TopicSubscription": "its topic",
  "aws:sqs/queuePolicy:QueuePolicy": "its queue",
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "its queue",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "its security group",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "its security group",
  "aws:wafv2/webAclAssociation:WebAclAssociation": "its load balancer",
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "its web ACL",
};
