/** How a resource type comes by its physical name. */
export type NameRule = PrefixRule | SuffixedRule | FixedRule | AutoRule | InterfaceRule | NamelessRule;

interface Limits {
  /** Longest name that AWS takes, characters. */
  readonly max: number;
  /** One character that the name may hold, as the inside of a regular-expression class. */
  readonly charset: string;
  /** Put before the name, for services that ask for a shape such as `alias/`. @default nothing */
  readonly head?: string;
}

/** Names that a person or another program spells, and why; the one way past a prefix or suffixed rule. */
export interface NameException {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** The provider appends 26 random characters to what stands in `property`: replacements never meet their predecessor's name. */
export interface PrefixRule extends Limits {
  readonly style: "prefix";
  readonly property: "namePrefix" | "bucketPrefix" | "identifierPrefix";
  /** The property of a whole name, allowed only under an exception. */
  readonly exactProperty: "name" | "bucket" | "identifier";
  readonly exceptions?: readonly NameException[];
}

/** No usable prefix property: the component appends a random suffix whose keepers are the properties that force replacement. */
export interface SuffixedRule extends Limits {
  readonly style: "suffixed";
  readonly property: string;
}

/** Only a change of the name itself replaces it, or it is versioned under its name, so the name needs no random part. */
export interface FixedRule extends Limits {
  readonly style: "fixed";
  readonly property: string;
  readonly reason: string;
}

/** Unique inside its parent, which carries the stack's name: Pulumi makes it of the logical name and 8 random characters. */
export interface AutoRule extends Limits {
  readonly style: "auto";
  readonly property: string;
}

/** The name is an interface that others spell, so the component gives it whole. */
export interface InterfaceRule extends Limits {
  readonly style: "interface";
  readonly property: string;
  readonly reason: string;
}

/** The type has no name of its own in AWS. */
export interface NamelessRule {
  readonly style: "none";
}

const alnumHyphen = "a-zA-Z0-9-";
const lowerHyphen = "a-z0-9-";
const wordHyphen = "a-zA-Z0-9_-";
const iam = "a-zA-Z0-9+=,.@_-";

const prefix = (
  max: number,
  charset: string,
  extra: { head?: string; exceptions?: NameException[] } = {},
): PrefixRule => ({
  style: "prefix",
  property: "namePrefix",
  exactProperty: "name",
  max,
  charset,
  ...extra,
});
const suffixed = (max: number, charset: string, property = "name"): SuffixedRule => ({
  style: "suffixed",
  property,
  max,
  charset,
});
const fixed = (max: number, charset: string, reason: string, property = "name"): FixedRule => ({
  style: "fixed",
  property,
  max,
  charset,
  reason,
});
const auto = (max: number, charset: string): AutoRule => ({ style: "auto", property: "name", max, charset });
const exact = (max: number, charset: string, reason: string, property = "name"): InterfaceRule => ({
  style: "interface",
  property,
  max,
  charset,
  reason,
});
const none: NamelessRule = { style: "none" };

const onlyItsName = "nothing but a new name replaces it";
const inItsParent = "it is unique inside its parent and follows it";
const versioned = "new revisions are kept under the same name";

/**
 * The rule of every resource type that this program makes. Lengths and character sets: the `Create*` pages of each service's API
 * reference (constraints of the name parameter).
 */
export const nameRules: Readonly<Record<string, NameRule>> = {
  "aws:accessanalyzer/analyzer:Analyzer": fixed(255, "a-zA-Z0-9_.-", onlyItsName, "analyzerName"),
  "aws:acm/certificate:Certificate": none,
  "aws:acm/certificateValidation:CertificateValidation": none,
  "aws:appautoscaling/policy:Policy": fixed(256, wordHyphen, inItsParent),
  "aws:appautoscaling/scheduledAction:ScheduledAction": fixed(256, wordHyphen, inItsParent),
  "aws:appautoscaling/target:Target": none,
  "aws:autoscaling/attachment:Attachment": none,
  "aws:autoscaling/group:Group": prefix(255, wordHyphen),
  "aws:autoscaling/lifecycleHook:LifecycleHook": fixed(255, wordHyphen, inItsParent),
  "aws:autoscaling/notification:Notification": none,
  "aws:autoscaling/policy:Policy": fixed(255, wordHyphen, inItsParent),
  "aws:autoscaling/schedule:Schedule": fixed(255, wordHyphen, inItsParent, "scheduledActionName"),
  "aws:budgets/budget:Budget": prefix(100, "a-zA-Z0-9 ._-"),
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": fixed(255, "a-zA-Z0-9 ._/-", onlyItsName, "alarmName"),
  "aws:cloudwatch/dashboard:Dashboard": fixed(255, wordHyphen, onlyItsName, "dashboardName"),
  "aws:cloudwatch/eventRule:EventRule": prefix(64, "a-zA-Z0-9._-"),
  "aws:cloudwatch/eventTarget:EventTarget": none,
  "aws:cloudwatch/logGroup:LogGroup": prefix(512, "a-zA-Z0-9._/#-", {
    head: "/",
    exceptions: [{ pattern: /^aws-waf-logs-/, reason: "WAF writes only to log groups whose name begins so" }],
  }),
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": fixed(512, "a-zA-Z0-9._-", inItsParent),
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": fixed(255, wordHyphen, onlyItsName, "policyName"),
  "aws:cloudwatch/metricAlarm:MetricAlarm": fixed(255, "a-zA-Z0-9 ._/-", onlyItsName),
  "aws:cloudwatch/queryDefinition:QueryDefinition": fixed(255, "a-zA-Z0-9 ._/-", onlyItsName),
  "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl": none,
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": none,
  "aws:ebs/encryptionByDefault:EncryptionByDefault": none,
  "aws:ec2/eip:Eip": none,
  "aws:ec2/flowLog:FlowLog": none,
  "aws:ec2/instance:Instance": none,
  "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": none,
  "aws:ec2/internetGateway:InternetGateway": none,
  "aws:ec2/launchTemplate:LaunchTemplate": prefix(125, "a-zA-Z0-9()./_-"),
  "aws:ec2/natGateway:NatGateway": none,
  "aws:ec2/route:Route": none,
  "aws:ec2/routeTable:RouteTable": none,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": none,
  "aws:ec2/securityGroup:SecurityGroup": prefix(255, "a-zA-Z0-9 ._:/()#,@+=&;{}!$*-"),
  "aws:ec2/securityGroupRule:SecurityGroupRule": none,
  "aws:ec2/subnet:Subnet": none,
  "aws:ec2/volumeAttachment:VolumeAttachment": none,
  "aws:ec2/vpc:Vpc": none,
  "aws:ec2/vpcEndpoint:VpcEndpoint": none,
  "aws:ecr/accountSetting:AccountSetting": none,
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": none,
  "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": none,
  "aws:ecr/repository:Repository": exact(
    256,
    "a-z0-9._/-",
    "builds push to it and task definitions of every stack name it",
  ),
  "aws:ecr/repositoryPolicy:RepositoryPolicy": none,
  "aws:ecs/capacityProvider:CapacityProvider": suffixed(255, wordHyphen),
  "aws:ecs/cluster:Cluster": fixed(255, wordHyphen, onlyItsName),
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": none,
  "aws:ecs/service:Service": auto(255, wordHyphen),
  "aws:ecs/taskDefinition:TaskDefinition": fixed(255, wordHyphen, versioned, "family"),
  "aws:elasticache/parameterGroup:ParameterGroup": suffixed(255, lowerHyphen),
  "aws:elasticache/replicationGroup:ReplicationGroup": suffixed(40, lowerHyphen, "replicationGroupId"),
  "aws:elasticache/subnetGroup:SubnetGroup": fixed(255, lowerHyphen, onlyItsName),
  "aws:elasticache/user:User": fixed(40, lowerHyphen, "its id is what a client signs in with", "userId"),
  "aws:elasticache/userGroup:UserGroup": fixed(40, lowerHyphen, onlyItsName, "userGroupId"),
  "aws:guardduty/detector:Detector": none,
  "aws:guardduty/detectorFeature:DetectorFeature": none,
  "aws:iam/accountPasswordPolicy:AccountPasswordPolicy": none,
  "aws:iam/instanceProfile:InstanceProfile": prefix(128, iam),
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": none,
  "aws:iam/policy:Policy": prefix(128, iam),
  "aws:iam/role:Role": prefix(64, iam, {
    exceptions: [{ pattern: /^gaming-ci-[a-z-]+$/, reason: "the workflows in the repository name the CI roles" }],
  }),
  "aws:iam/rolePolicy:RolePolicy": prefix(128, iam),
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": none,
  "aws:iam/serviceLinkedRole:ServiceLinkedRole": none,
  "aws:imagebuilder/component:Component": fixed(128, wordHyphen, versioned),
  "aws:imagebuilder/distributionConfiguration:DistributionConfiguration": fixed(128, wordHyphen, onlyItsName),
  "aws:imagebuilder/image:Image": none,
  "aws:imagebuilder/imagePipeline:ImagePipeline": fixed(128, wordHyphen, onlyItsName),
  "aws:imagebuilder/imageRecipe:ImageRecipe": fixed(128, wordHyphen, versioned),
  "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration": fixed(128, wordHyphen, onlyItsName),
  "aws:imagebuilder/lifecyclePolicy:LifecyclePolicy": fixed(128, wordHyphen, onlyItsName),
  "aws:kms/alias:Alias": prefix(256, "a-zA-Z0-9/_-", { head: "alias/" }),
  "aws:kms/key:Key": none,
  "aws:lambda/function:Function": auto(64, wordHyphen),
  "aws:lambda/permission:Permission": none,
  "aws:lb/listener:Listener": none,
  "aws:lb/listenerCertificate:ListenerCertificate": none,
  "aws:lb/listenerRule:ListenerRule": none,
  "aws:lb/loadBalancer:LoadBalancer": suffixed(32, alnumHyphen),
  "aws:lb/targetGroup:TargetGroup": suffixed(32, alnumHyphen),
  "aws:rds/instance:Instance": {
    style: "prefix",
    property: "identifierPrefix",
    exactProperty: "identifier",
    max: 63,
    charset: lowerHyphen,
  },
  "aws:rds/parameterGroup:ParameterGroup": prefix(255, lowerHyphen),
  "aws:rds/subnetGroup:SubnetGroup": prefix(255, lowerHyphen),
  "aws:route53/record:Record": exact(255, "a-zA-Z0-9.*_-", "clients ask for the host name"),
  "aws:route53/zone:Zone": exact(255, "a-zA-Z0-9.-", "clients ask for the domain"),
  "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": none,
  "aws:s3/bucket:Bucket": {
    style: "prefix",
    property: "bucketPrefix",
    exactProperty: "bucket",
    max: 63,
    charset: lowerHyphen,
  },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": none,
  "aws:s3/bucketLogging:BucketLogging": none,
  "aws:s3/bucketNotification:BucketNotification": none,
  "aws:s3/bucketObjectv2:BucketObjectv2": none,
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": none,
  "aws:s3/bucketPolicy:BucketPolicy": none,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": none,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": none,
  "aws:s3/bucketVersioning:BucketVersioning": none,
  "aws:scheduler/schedule:Schedule": prefix(64, "a-zA-Z0-9._-"),
  "aws:secretsmanager/secret:Secret": prefix(512, "a-zA-Z0-9/_+=.@-"),
  "aws:secretsmanager/secretPolicy:SecretPolicy": none,
  "aws:secretsmanager/secretVersion:SecretVersion": none,
  "aws:securityhub/account:Account": none,
  "aws:securityhub/standardsSubscription:StandardsSubscription": none,
  "aws:servicediscovery/httpNamespace:HttpNamespace": fixed(1024, "a-zA-Z0-9._-", onlyItsName),
  "aws:sns/topic:Topic": prefix(256, wordHyphen),
  "aws:sns/topicPolicy:TopicPolicy": none,
  "aws:sns/topicSubscription:TopicSubscription": none,
  "aws:sqs/queue:Queue": prefix(80, wordHyphen),
  "aws:sqs/queuePolicy:QueuePolicy": none,
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": none,
  "aws:ssm/association:Association": none,
  "aws:ssm/document:Document": fixed(128, "a-zA-Z0-9._-", onlyItsName),
  "aws:ssm/parameter:Parameter": exact(1011, "a-zA-Z0-9._/-", "other stacks read the parameter by its path"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": none,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": none,
  "aws:wafv2/ipSet:IpSet": prefix(128, wordHyphen),
  "aws:wafv2/webAcl:WebAcl": prefix(128, wordHyphen),
  "aws:wafv2/webAclAssociation:WebAclAssociation": none,
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": none,
  "pulumi:pulumi:StackReference": none,
  "random:index/randomId:RandomId": none,
  "random:index/randomPassword:RandomPassword": none,
};
