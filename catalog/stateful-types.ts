/** What is lost when a resource of a type is deleted or replaced. A type that is not listed holds nothing that cannot be made again. */
export const statefulTypes: Readonly<Record<string, string>> = {
  "aws:rds/instance:Instance": "the database and everything in it",
  "aws:rds/cluster:Cluster": "the database and everything in it",
  "aws:s3/bucket:Bucket": "the objects in the bucket",
  "aws:elasticache/replicationGroup:ReplicationGroup": "the cache's contents: sessions and conversation memory",
  "aws:dynamodb/table:Table": "the table's items",
  "aws:ecr/repository:Repository": "the images that running services were started from",
  "aws:sqs/queue:Queue": "the messages that wait in the queue",
  "aws:kms/key:Key": "everything that was encrypted with the key",
  "aws:secretsmanager/secret:Secret": "the secret's value",
  "aws:cloudwatch/logGroup:LogGroup": "the logs",
  "aws:ebs/volume:Volume": "the disk",
  "aws:efs/fileSystem:FileSystem": "the files",
};
