import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { replicationGroupProblem } from "../catalog/elasticache";
import { InputError } from "../contracts/input-error";
import { ports } from "../contracts/ports";
import { Component, type Transform, transform } from "./component";
import { fixedName, suffixedName } from "./physical-names";
import { compare } from "./policy";

const groupType = "aws:elasticache/replicationGroup:ReplicationGroup";
const userType = "aws:elasticache/user:User";

export interface CacheArgs {
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: pulumi.Input<string[]>;
  /** Valkey version, for example `8.1`. */
  readonly version: string;
  /** ElastiCache node type, for example `cache.t4g.micro`. */
  readonly nodeType: string;
  /** A primary and its replicas, 1-6. */
  readonly nodes: number;
  readonly multiAz: boolean;
  /** Days that snapshots are kept; 0 makes none. */
  readonly snapshotDays: number;
  /** Services that use the cache; each gets a user that sees only the keys that begin with its name and a colon. */
  readonly users: readonly string[];
  /** Refuse deletion, and apply changes in the maintenance window instead of at once. */
  readonly protect: boolean;
  /** Changes the child resources. */
  readonly transform?: { readonly replicationGroup?: Transform<aws.elasticache.ReplicationGroupArgs> };
}

/**
 * The ElastiCache Valkey of the services: encrypted at rest and on the wire, one user per service that signs in with an IAM
 * token, no password anywhere, and commands that could harm others refused.
 */
export class Cache extends Component {
  readonly endpoint: pulumi.Output<string>;
  /** Id of the replication group, which services sign in to. */
  readonly cacheName: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** Ids of its nodes, the dimension of their metrics. */
  readonly nodeIds: readonly pulumi.Output<string>[];
  readonly securityGroupId: pulumi.Output<string>;
  readonly label = "cache";
  private readonly users: ReadonlyMap<string, aws.elasticache.User>;

  constructor(name: string, args: CacheArgs, opts?: pulumi.ComponentResourceOptions) {
    super("data:Cache", name, opts);
    const subnetGroup = new aws.elasticache.SubnetGroup(
      `${name}-subnets`,
      { subnetIds: args.subnetIds, description: "Private subnets" },
      { parent: this },
    );
    const securityGroup = new aws.ec2.SecurityGroup(
      `${name}-access`,
      { vpcId: args.vpcId, description: "Reaches the cache from the services that need it" },
      { parent: this },
    );
    const family = `valkey${args.version.split(".")[0]}`;
    const parameterGroup = new aws.elasticache.ParameterGroup(
      `${name}-parameters`,
      {
        name: suffixedName(this, "aws:elasticache/parameterGroup:ParameterGroup", `${name}-parameters`, { family }),
        family,
        description: "Evicts the least recently used key when memory is full",
        parameters: [{ name: "maxmemory-policy", value: "allkeys-lru" }],
      },
      { parent: this },
    );
    const users = new Map([...args.users].sort(compare).map((user) => [user, createUser(this, user)]));
    const userGroup = new aws.elasticache.UserGroup(
      `${name}-users`,
      {
        engine: "valkey",
        userGroupId: fixedId(`${name}-users`),
        userIds: [...users.values()].map(({ userId }) => userId),
      },
      { parent: this },
    );
    const group = createReplicationGroup(this);
    this.endpoint = group.primaryEndpointAddress;
    this.cacheName = group.replicationGroupId;
    this.arn = group.arn;
    // ElastiCache numbers them from 001. `memberClusters` says the same and is unknown until the deployment.
    this.nodeIds = Array.from(
      { length: args.nodes },
      (_, at) => pulumi.interpolate`${group.replicationGroupId}-${String(at + 1).padStart(3, "0")}`,
    );
    this.securityGroupId = securityGroup.id;
    this.users = users;
    this.registerOutputs({ endpoint: this.endpoint });

    function fixedId(logicalName: string): string {
      const value = fixedName(userType, logicalName);
      const problem = replicationGroupProblem(value);
      if (problem !== undefined) throw new InputError({ path: logicalName, ...problem, where: "components/names.ts" });
      return value;
    }

    function createUser(parent: Cache, user: string) {
      const id = fixedId(`${name}-${user}`);
      return new aws.elasticache.User(
        `${name}-${user}`,
        {
          engine: "valkey",
          userId: id,
          userName: id,
          accessString: `on ~${user}:* &${user}:* +@all -@admin -@dangerous`,
          authenticationMode: { type: "iam" },
        },
        { parent },
      );
    }

    function createReplicationGroup(parent: Cache) {
      const logicalName = `${name}-valkey`;
      return new aws.elasticache.ReplicationGroup(
        ...transform(
          args.transform?.replicationGroup,
          logicalName,
          {
            replicationGroupId: suffixedName(parent, groupType, logicalName, { subnetGroup: subnetGroup.name }),
            description: "Cache of the services",
            engine: "valkey",
            engineVersion: args.version,
            nodeType: args.nodeType,
            numCacheClusters: args.nodes,
            multiAzEnabled: args.multiAz,
            automaticFailoverEnabled: args.nodes > 1,
            port: ports.valkey,
            parameterGroupName: parameterGroup.name,
            subnetGroupName: subnetGroup.name,
            securityGroupIds: [securityGroup.id],
            userGroupIds: [userGroup.userGroupId],
            atRestEncryptionEnabled: true,
            transitEncryptionEnabled: true,
            transitEncryptionMode: "required",
            snapshotRetentionLimit: args.snapshotDays,
            snapshotWindow: args.snapshotDays > 0 ? "07:00-08:00" : undefined,
            maintenanceWindow: "wed:08:30-wed:09:30",
            autoMinorVersionUpgrade: true,
            applyImmediately: !args.protect,
          },
          { parent, protect: args.protect },
        ),
      );
    }
  }

  /** The name and ARN of a service's user. */
  user(service: string): { readonly name: pulumi.Output<string>; readonly arn: pulumi.Output<string> } {
    const user = this.users.get(service)!;
    return { name: user.userName, arn: user.arn };
  }
}
