import { at, list, propertyRules, type Rule, referring } from "../rule";
import { types } from "../types";

const bucketUrn = `urn:pulumi:prod::p::${types.bucket}::b`;
const closed = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"] as const;
const closedTypes = [types.bucketClosed, "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"];
const allClosed = Object.fromEntries(closed.map((key) => [key, true]));

const bucketWalls = propertyRules(
  {
    severity: "critical",
    rationale: "The block holds whatever a policy or an access list says, a mistake in either included.",
    type: closedTypes,
    allowed: [true],
    wrong: false,
  },
  [
    {
      id: "CKV_AWS_53",
      alsoKnownAs: ["S3.1", "S3.8"],
      title: "Buckets refuse public access lists",
      path: "blockPublicAcls",
    },
    { id: "CKV_AWS_54", title: "Buckets refuse public policies", path: "blockPublicPolicy" },
    { id: "CKV_AWS_55", title: "Buckets pass over public access lists", path: "ignorePublicAcls" },
    { id: "CKV_AWS_56", title: "Buckets with a public policy are closed", path: "restrictPublicBuckets" },
  ],
);

const hasWall: Rule = {
  id: "CKV2_AWS_6",
  severity: "critical",
  title: "Every bucket has a public access block",
  rationale: "A bucket without one is a policy away from the world.",
  remediation: "Declare an aws.s3.BucketPublicAccessBlock with all four set.",
  types: [types.bucket],
  scope: "stack",
  check: (bucket, stack) =>
    referring(stack, types.bucketClosed, "bucket", bucket).length > 0 ? undefined : "it has no public access block",
  passing: [
    { type: types.bucket, urn: bucketUrn },
    { type: types.bucketClosed, props: allClosed, references: { bucket: [bucketUrn] } },
  ],
  failing: [{ type: types.bucket, urn: bucketUrn }],
};

const aclTypes = [types.bucketAcl, types.bucket, "aws:s3/bucketObjectv2:BucketObjectv2"];
const publicGroups = /\/groups\/global\/(AllUsers|AuthenticatedUsers)$/;

/** Permissions that an access list gives to everybody. */
function publicGrants(props: unknown): string[] {
  const grants = [...list(at(props, "accessControlPolicy.grants")), ...list(at(props, "grants"))];
  return grants
    .filter((grant) => publicGroups.test(String(at(grant, "grantee.uri") ?? at(grant, "uri") ?? "")))
    .flatMap((grant) => [...list(at(grant, "permission")), ...list(at(grant, "permissions"))].map(String));
}

function aclRule(id: string, what: string, acls: readonly string[], permissions: readonly string[]): Rule {
  return {
    id,
    severity: "critical",
    title: `No access list lets everybody ${what}`,
    rationale: "Access lists are passed over in reviews; buckets here use policies alone.",
    remediation: "Remove the access list, or set acl to private.",
    types: aclTypes,
    scope: "resource",
    check: ({ props }) => {
      if (acls.includes(String(props.acl))) return `acl is ${String(props.acl)}`;
      const found = publicGrants(props).find((permission) => permissions.includes(permission));
      return found && `everybody is given ${found}`;
    },
    passing: [{ type: types.bucketAcl, props: { acl: "private" } }],
    failing: [{ type: types.bucketAcl, props: { acl: acls.at(-1) } }],
  };
}

const sharedWithAll = (groups: unknown, accounts: unknown): boolean =>
  [...list(groups), ...list(accounts)].some((one) => /^all$/i.test(String(one)));

interface Sharing {
  readonly id: string;
  readonly alsoKnownAs?: readonly string[];
  readonly what: string;
  readonly type: string;
  /** Group and account lists of the resource. */
  readonly shared: (props: Readonly<Record<string, unknown>>) => boolean;
  readonly bad: object;
}

const sharings: readonly Sharing[] = [
  {
    id: "CKV_AWS_205",
    alsoKnownAs: ["EC2.24"],
    what: "image",
    type: types.amiLaunchPermission,
    shared: ({ group }) => sharedWithAll(group, []),
    bad: { group: "all" },
  },
  {
    id: "EC2.1",
    what: "disk snapshot",
    type: "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
    shared: ({ accountId }) => sharedWithAll([], accountId),
    bad: { accountId: "all" },
  },
  {
    id: "RDS.1",
    what: "database snapshot",
    type: "aws:rds/snapshot:Snapshot",
    shared: ({ sharedAccounts }) => sharedWithAll([], sharedAccounts),
    bad: { sharedAccounts: ["all"] },
  },
  {
    id: "GAP-CLUSTER-SNAPSHOT",
    what: "cluster snapshot",
    type: "aws:rds/clusterSnapshot:ClusterSnapshot",
    shared: ({ sharedAccounts }) => sharedWithAll([], sharedAccounts),
    bad: { sharedAccounts: ["all"] },
  },
  {
    id: "GAP-IMAGE-DISTRIBUTION",
    what: "built image",
    type: "aws:imagebuilder/distributionConfiguration:DistributionConfiguration",
    shared: ({ distributions }) =>
      list(distributions).some((one) =>
        sharedWithAll(at(one, "amiDistributionConfiguration.launchPermission.userGroups"), []),
      ),
    bad: { distributions: [{ amiDistributionConfiguration: { launchPermission: { userGroups: ["all"] } } }] },
  },
  {
    id: "CKV_AWS_303",
    alsoKnownAs: ["SSM.4"],
    what: "SSM document",
    type: types.ssmDocument,
    shared: ({ permissions }) =>
      sharedWithAll([], String(at(permissions, "account_ids") ?? at(permissions, "accountIds") ?? "").split(",")),
    bad: { permissions: { type: "Share", account_ids: "All" } },
  },
];

const shareRules = sharings.map(
  ({ id, alsoKnownAs, what, type, shared, bad }): Rule => ({
    id,
    alsoKnownAs,
    severity: "critical",
    title: `No ${what} is shared with everybody`,
    rationale: "Crawlers copy public images and snapshots within minutes, with everything on them.",
    remediation: "Name the accounts that need it.",
    types: [type],
    scope: "resource",
    check: ({ props }) => (shared(props) ? `everybody may use the ${what}` : undefined),
    passing: [{ type }],
    failing: [{ type, props: bad }],
  }),
);

const publicAddresses = propertyRules(
  {
    severity: "critical",
    rationale: "What the internet can reach is one leaked password away from a breach.",
    allowed: [false, undefined],
    wrong: true,
    remediation: "Set it to false and reach it from inside the VPC.",
  },
  [
    {
      id: "CKV_AWS_17",
      alsoKnownAs: ["RDS.2"],
      title: "RDS has no public address",
      type: [types.database, "aws:rds/clusterInstance:ClusterInstance"],
      path: "publiclyAccessible",
    },
    {
      id: "CKV_AWS_87",
      title: "Redshift has no public address",
      type: "aws:redshift/cluster:Cluster",
      path: "publiclyAccessible",
    },
    {
      id: "CKV_AWS_69",
      title: "Message brokers have no public address",
      type: "aws:mq/broker:Broker",
      path: "publiclyAccessible",
    },
    {
      id: "CKV_AWS_102",
      title: "Neptune has no public address",
      type: "aws:neptune/clusterInstance:ClusterInstance",
      path: "publiclyAccessible",
    },
    {
      id: "CKV_AWS_39",
      title: "Kubernetes is administered from inside the VPC",
      type: "aws:eks/cluster:Cluster",
      path: "vpcConfig.endpointPublicAccess",
      allowed: [false],
    },
    {
      id: "CKV_AWS_333",
      alsoKnownAs: ["ECS.2"],
      severity: "high",
      title: "ECS tasks have no public address",
      rationale: "What faces players is the load balancer, nothing else.",
      type: types.ecsService,
      path: "networkConfiguration.assignPublicIp",
    },
    {
      id: "CKV_AWS_88",
      alsoKnownAs: ["EC2.9"],
      severity: "high",
      title: "Instances have no public address",
      rationale: "Nodes are reached through load balancers and SSM sessions.",
      type: types.instance,
      path: "associatePublicIpAddress",
    },
    {
      id: "CKV_AWS_130",
      alsoKnownAs: ["EC2.15"],
      severity: "medium",
      title: "Subnets give out no public addresses",
      rationale: "What is put there by mistake faces the internet.",
      type: types.subnet,
      path: "mapPublicIpOnLaunch",
    },
    {
      id: "CKV_AWS_258",
      title: "Function addresses ask who calls",
      rationale: "A function that anybody may call runs on our bill.",
      type: "aws:lambda/functionUrl:FunctionUrl",
      path: "authorizationType",
      allowed: ["AWS_IAM"],
      wrong: "NONE",
      remediation: "Set authorizationType to AWS_IAM.",
    },
    {
      id: "CKV2_AWS_65",
      alsoKnownAs: ["S3.12"],
      severity: "high",
      title: "Buckets know no access lists",
      rationale: "With lists off, a policy alone decides, and a review of it is enough.",
      type: types.bucketOwnership,
      path: "rule.objectOwnership",
      allowed: ["BucketOwnerEnforced"],
      wrong: "ObjectWriter",
      remediation: "Set rule.objectOwnership to BucketOwnerEnforced.",
    },
    {
      id: "EC2.182",
      title: "Snapshots cannot be shared with everybody",
      type: "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
      path: "state",
      allowed: ["block-all-sharing", "block-new-sharing"],
      wrong: "unblocked",
      remediation: "Set state to block-all-sharing.",
    },
    {
      id: "GAP-IMAGE-BLOCK",
      title: "Images cannot be shared with everybody",
      type: "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess",
      path: "state",
      allowed: ["block-new-sharing"],
      wrong: "unblocked",
      remediation: "Set state to block-new-sharing.",
    },
  ],
);

const publicRegistry: Rule = {
  id: "GAP-PUBLIC-REGISTRY",
  severity: "high",
  title: "Images are in private registries",
  rationale: "An image holds the program, its packages and what was forgotten in it.",
  remediation: "Use aws.ecr.Repository.",
  types: ["aws:ecrpublic/repository:Repository"],
  scope: "resource",
  check: () => "a public registry is declared",
  passing: [],
  failing: [{ type: "aws:ecrpublic/repository:Repository" }],
};

const instanceAddress: Rule = {
  id: "GAP-EIP-INSTANCE",
  severity: "high",
  title: "No Elastic IP belongs to an instance",
  rationale: "A node on the internet has no web ACL, no rate limit and no access log before it.",
  remediation: "Publish the service through the edge; reach the node through SSM sessions.",
  types: [types.eip, types.eipAssociation],
  scope: "resource",
  check: ({ props }) =>
    "instance" in props || "instanceId" in props ? "an instance has a public address of its own" : undefined,
  passing: [{ type: types.eip }],
  failing: [{ type: types.eip, props: { instance: "i-1" } }],
};

export const publicAccessRules: readonly Rule[] = [
  ...bucketWalls,
  hasWall,
  aclRule(
    "CKV_AWS_20",
    "read",
    ["authenticated-read", "public-read-write", "public-read"],
    ["READ", "READ_ACP", "FULL_CONTROL"],
  ),
  aclRule("CKV_AWS_57", "write", ["public-read-write"], ["WRITE", "WRITE_ACP", "FULL_CONTROL"]),
  ...shareRules,
  ...publicAddresses,
  publicRegistry,
  instanceAddress,
];
