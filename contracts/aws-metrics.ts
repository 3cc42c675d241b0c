/** A metric that AWS publishes by itself for a resource. */
export interface AwsMetric {
  readonly namespace: string;
  readonly name: string;
  /** The dimension keys, exactly: CloudWatch treats another set of keys as another metric. */
  readonly dimensions: readonly string[];
  /** Pulumi type without which nothing publishes it. */
  readonly publisher: string;
  /** What it publishes while nothing happens: nothing at all, or zeros. */
  readonly idle: "nothing" | "zero";
}

type Facts = Pick<AwsMetric, "namespace" | "dimensions" | "publisher" | "idle">;

/** Metrics of one resource by a short name, from the names that AWS gives them. */
const from = <Names extends Readonly<Record<string, string>>>(facts: Facts, names: Names) =>
  Object.fromEntries(Object.entries(names).map(([key, name]) => [key, { ...facts, name }])) as {
    readonly [Key in keyof Names]: AwsMetric;
  };

const balancer = "aws:lb/loadBalancer:LoadBalancer";
const targets = "aws:lb/targetGroup:TargetGroup";

/**
 * The metrics of AWS that alarms and dashboards read. Sources: the CloudWatch chapters of the user guides of Elastic Load Balancing,
 * Amazon ECS (vended metrics, Service Connect, Container Insights), RDS, ElastiCache, SQS, SNS, EC2 Auto Scaling and ACM.
 */
export const awsMetrics = {
  /** A whole load balancer. ELB publishes nothing while there are no requests. */
  balancer: from(
    { namespace: "AWS/ApplicationELB", dimensions: ["LoadBalancer"], publisher: balancer, idle: "nothing" },
    {
      requests: "RequestCount",
      own5xx: "HTTPCode_ELB_5XX_Count",
      target5xx: "HTTPCode_Target_5XX_Count",
      target4xx: "HTTPCode_Target_4XX_Count",
      rejected: "RejectedConnectionCount",
      responseTime: "TargetResponseTime",
    },
  ),
  /** One target group behind a load balancer. */
  targetGroup: from(
    {
      namespace: "AWS/ApplicationELB",
      dimensions: ["LoadBalancer", "TargetGroup"],
      publisher: targets,
      idle: "nothing",
    },
    {
      requests: "RequestCount",
      target5xx: "HTTPCode_Target_5XX_Count",
      responseTime: "TargetResponseTime",
    },
  ),
  targetHealth: from(
    { namespace: "AWS/ApplicationELB", dimensions: ["LoadBalancer", "TargetGroup"], publisher: targets, idle: "zero" },
    { healthy: "HealthyHostCount" },
  ),
  ecsService: from(
    {
      namespace: "AWS/ECS",
      dimensions: ["ClusterName", "ServiceName"],
      publisher: "aws:ecs/service:Service",
      idle: "zero",
    },
    { cpu: "CPUUtilization", memory: "MemoryUtilization" },
  ),
  /** Published only where the cluster has Container Insights. */
  ecsTasks: from(
    {
      namespace: "ECS/ContainerInsights",
      dimensions: ["ClusterName", "ServiceName"],
      publisher: "aws:ecs/service:Service",
      idle: "zero",
    },
    { desired: "DesiredTaskCount", running: "RunningTaskCount" },
  ),
  /** Requests that other services send to one, as Service Connect counts them. */
  connectRequests: from(
    {
      namespace: "AWS/ECS",
      dimensions: ["DiscoveryName"],
      publisher: "aws:ecs/service:Service",
      idle: "nothing",
    },
    { requests: "RequestCount" },
  ),
  connectAnswers: from(
    {
      namespace: "AWS/ECS",
      dimensions: ["TargetDiscoveryName"],
      publisher: "aws:ecs/service:Service",
      idle: "nothing",
    },
    { target5xx: "HTTPCode_Target_5XX_Count", responseTime: "TargetResponseTime" },
  ),
  database: from(
    {
      namespace: "AWS/RDS",
      dimensions: ["DBInstanceIdentifier"],
      publisher: "aws:rds/instance:Instance",
      idle: "zero",
    },
    {
      freeStorage: "FreeStorageSpace",
      freeMemory: "FreeableMemory",
      connections: "DatabaseConnections",
      cpu: "CPUUtilization",
      transactionIds: "MaximumUsedTransactionIDs",
      readLatency: "ReadLatency",
      writeLatency: "WriteLatency",
    },
  ),
  /** One node of the cache. */
  cacheNode: from(
    {
      namespace: "AWS/ElastiCache",
      dimensions: ["CacheClusterId"],
      publisher: "aws:elasticache/replicationGroup:ReplicationGroup",
      idle: "zero",
    },
    {
      engineCpu: "EngineCPUUtilization",
      memory: "DatabaseMemoryUsagePercentage",
      evictions: "Evictions",
      connections: "CurrConnections",
      replicationLag: "ReplicationLag",
    },
  ),
  queue: from(
    { namespace: "AWS/SQS", dimensions: ["QueueName"], publisher: "aws:sqs/queue:Queue", idle: "zero" },
    { oldest: "ApproximateAgeOfOldestMessage", visible: "ApproximateNumberOfMessagesVisible" },
  ),
  topic: from(
    { namespace: "AWS/SNS", dimensions: ["TopicName"], publisher: "aws:sns/topic:Topic", idle: "nothing" },
    { delivered: "NumberOfNotificationsDelivered", failed: "NumberOfNotificationsFailed" },
  ),
  group: from(
    {
      namespace: "AWS/AutoScaling",
      dimensions: ["AutoScalingGroupName"],
      publisher: "aws:autoscaling/group:Group",
      idle: "zero",
    },
    {
      desired: "GroupDesiredCapacity",
      inService: "GroupInServiceInstances",
      max: "GroupMaxSize",
      pending: "GroupPendingInstances",
    },
  ),
  certificate: from(
    {
      namespace: "AWS/CertificateManager",
      dimensions: ["CertificateArn"],
      publisher: "aws:lb/listener:Listener",
      idle: "zero",
    },
    { daysToExpiry: "DaysToExpiry" },
  ),
} as const;

/** Every metric above. */
export const everyAwsMetric: readonly AwsMetric[] = Object.values(awsMetrics).flatMap((group) =>
  Object.values<AwsMetric>(group),
);
