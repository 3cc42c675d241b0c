/**
 * The properties by which a resource stands on others: it cannot stay where every one of them goes away. The cloud refuses to delete
 * what something stands on, or takes both. https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
 */
export const standsOn: Readonly<Record<string, readonly string[]>> = {
  "aws:docdb/cluster:Cluster": ["dbSubnetGroupName"],
  "aws:docdb/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:ec2/instance:Instance": ["subnetId"],
  "aws:ec2/natGateway:NatGateway": ["subnetId"],
  "aws:ec2/networkInterface:NetworkInterface": ["subnetId"],
  "aws:ec2/securityGroup:SecurityGroup": ["vpcId"],
  "aws:ec2/subnet:Subnet": ["vpcId"],
  "aws:ec2/vpcEndpoint:VpcEndpoint": ["vpcId"],
  "aws:ecs/service:Service": ["cluster"],
  "aws:efs/mountTarget:MountTarget": ["fileSystemId", "subnetId"],
  "aws:elasticache/cluster:Cluster": ["subnetGroupName"],
  "aws:elasticache/replicationGroup:ReplicationGroup": ["subnetGroupName"],
  "aws:elasticache/serverlessCache:ServerlessCache": ["subnetIds"],
  "aws:elasticache/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:fsx/lustreFileSystem:LustreFileSystem": ["subnetIds"],
  "aws:lb/loadBalancer:LoadBalancer": ["subnets"],
  "aws:memorydb/cluster:Cluster": ["subnetGroupName"],
  "aws:memorydb/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:msk/cluster:Cluster": ["brokerNodeGroupInfo"],
  "aws:opensearch/domain:Domain": ["vpcOptions"],
  "aws:rds/cluster:Cluster": ["dbSubnetGroupName"],
  "aws:rds/clusterInstance:ClusterInstance": ["clusterIdentifier"],
  "aws:rds/instance:Instance": ["dbSubnetGroupName"],
  "aws:rds/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:redshift/cluster:Cluster": ["clusterSubnetGroupName"],
  "aws:redshift/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:secretsmanager/secretVersion:SecretVersion": ["secretId"],
};
