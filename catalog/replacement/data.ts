import { aws, named, prefixed, type ReplacementRule } from "./rule";

/** Databases, caches, buckets, queues, secrets, parameters. */
export const data = {
  "aws:rds/instance:Instance": aws(
    "rds/instance.go",
    [
      "availabilityZone",
      "backupTarget",
      "characterSetName",
      "customIamInstanceProfile",
      "dbName",
      "engine",
      "identifier",
      "identifierPrefix",
      "kmsKeyId",
      "ncharCharacterSetName",
      "restoreToPointInTime",
      "s3Import",
      "snapshotIdentifier",
      "storageEncrypted",
      "timezone",
      "username",
    ],
    { autoName: "identifier", unordered: ["enabledCloudwatchLogsExports", "vpcSecurityGroupIds"] },
  ),
  "aws:rds/subnetGroup:SubnetGroup": prefixed("rds/subnet_group.go", [], { unordered: ["subnetIds"] }),
  "aws:rds/parameterGroup:ParameterGroup": prefixed("rds/parameter_group.go", ["description", "family"], {
    unordered: ["parameters"],
  }),
  "aws:rds/proxy:Proxy": named("rds/proxy.go", ["engineFamily", "vpcSubnetIds"], {
    unordered: ["auths", "vpcSecurityGroupIds", "vpcSubnetIds"],
  }),
  "aws:elasticache/replicationGroup:ReplicationGroup": aws(
    "elasticache/replication_group.go",
    [
      "atRestEncryptionEnabled",
      "dataTieringEnabled",
      "globalReplicationGroupId",
      "kmsKeyId",
      "networkType",
      "nodeGroupConfigurations",
      "port",
      "replicationGroupId",
      "securityGroupNames",
      "snapshotArns",
      "snapshotName",
      "subnetGroupName",
    ],
    {
      autoName: "replicationGroupId",
      unordered: [
        "logDeliveryConfigurations",
        "nodeGroupConfigurations",
        "securityGroupIds",
        "snapshotArns",
        "userGroupIds",
      ],
    },
  ),
  "aws:elasticache/subnetGroup:SubnetGroup": named("elasticache/subnet_group.go", [], { unordered: ["subnetIds"] }),
  "aws:elasticache/parameterGroup:ParameterGroup": named("elasticache/parameter_group.go", ["description", "family"], {
    unordered: ["parameters"],
  }),
  "aws:elasticache/user:User": aws("elasticache/user.go", ["engine", "userId", "userName"], {
    unordered: ["passwords"],
  }),
  "aws:elasticache/userGroup:UserGroup": aws("elasticache/user_group.go", ["userGroupId"], { unordered: ["userIds"] }),
  "aws:s3/bucket:Bucket": aws("s3/bucket.go", ["bucket", "bucketNamespace", "bucketPrefix", "objectLockEnabled"], {
    autoName: "bucket",
  }),
  "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": aws("s3control/account_public_access_block.go", [
    "accountId",
  ]),
  "aws:s3/bucketObjectv2:BucketObjectv2": aws("s3/object.go", ["bucket", "key"], {
    changedByUpdate: { etag: [], versionId: ["s3ObjectVersion"] },
  }),
  "aws:s3/bucketPolicy:BucketPolicy": aws("s3/bucket_policy.go", ["bucket"]),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": aws("s3/bucket_public_access_block.go", ["bucket"]),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": aws("s3/bucket_ownership_controls.go", ["bucket"]),
  "aws:s3/bucketVersioning:BucketVersioning": aws("s3/bucket_versioning.go", ["bucket", "expectedBucketOwner"]),
  "aws:s3/bucketLogging:BucketLogging": aws("s3/bucket_logging.go", ["bucket", "expectedBucketOwner"]),
  "aws:s3/bucketNotification:BucketNotification": aws("s3/bucket_notification.go", ["bucket"]),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": aws("s3/bucket_lifecycle_configuration.go", [
    "bucket",
    "expectedBucketOwner",
  ]),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": aws(
    "s3/bucket_server_side_encryption_configuration.go",
    ["bucket", "expectedBucketOwner"],
    { unordered: ["rules"] },
  ),
  "aws:secretsmanager/secret:Secret": prefixed("secretsmanager/secret.go", ["type"], { unordered: ["replicas"] }),
  "aws:secretsmanager/secretPolicy:SecretPolicy": aws("secretsmanager/secret_policy.go", ["secretArn"]),
  "aws:secretsmanager/secretVersion:SecretVersion": aws(
    "secretsmanager/secret_version.go",
    ["secretBinary", "secretId", "secretString", "secretStringWoVersion"],
    { unordered: ["versionStages"] },
  ),
  "aws:secretsmanager/secretRotation:SecretRotation": aws("secretsmanager/secret_rotation.go", ["secretId"]),
  "aws:ssm/parameter:Parameter": aws("ssm/parameter.go", ["name", "dataType"], {
    autoName: "name",
    changedByUpdate: { version: [] },
  }),
  "aws:ssm/document:Document": named("ssm/document.go", ["documentType"], {
    changedByUpdate: { latestVersion: ["documentVersion"], defaultVersion: ["documentVersion"] },
  }),
  "aws:ssm/association:Association": aws("ssm/association.go", ["automationTargetParameterName", "name"]),
  "aws:sqs/queue:Queue": prefixed("sqs/queue.go", ["fifoQueue"]),
  "aws:sqs/queuePolicy:QueuePolicy": aws("sqs/queue_policy.go", ["queueUrl"]),
  "aws:sqs/redrivePolicy:RedrivePolicy": aws("sqs/queue_redrive_policy.go", ["queueUrl"]),
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": aws("sqs/queue_redrive_allow_policy.go", ["queueUrl"]),
  "aws:sns/topic:Topic": prefixed("sns/topic.go", ["fifoTopic"]),
  "aws:sns/topicPolicy:TopicPolicy": aws("sns/topic_policy.go", ["arn"]),
  "aws:sns/topicSubscription:TopicSubscription": aws("sns/topic_subscription.go", ["endpoint", "protocol", "topic"]),
  "aws:dynamodb/table:Table": named("dynamodb/table.go", ["hashKey", "rangeKey", "localSecondaryIndexes"], {
    unordered: ["attributes", "globalSecondaryIndexes", "localSecondaryIndexes", "replicas"],
  }),
} as const satisfies Record<string, ReplacementRule>;
