import { types } from "../../../policies/types";
import type { PropertyMap } from "../../engine/types";
import { add, type Mutation, set } from "./graph";

const database = "ai-router-to-database-in";
const open = (cidr: string): PropertyMap => (cidr.includes(":") ? { cidrIpv6: cidr } : { cidrIpv4: cidr });
const toWorld = (name: string, values: PropertyMap) => set(name, { referencedSecurityGroupId: undefined, ...values });
const ports = (fromPort: number, toPort = fromPort) => ({ fromPort, toPort });
const tcp = (values: PropertyMap) => ({ ipProtocol: "tcp", description: "x", ...values });
const onTasks = (values: PropertyMap) =>
  add(types.securityGroupIngress, tcp(values), { securityGroupId: "payment-tasks" });
const world = "0.0.0.0/0";
const cidrBlocks = [world];

/** What lets the internet in. */
export const exposure: readonly Mutation[] = [
  { name: "PostgreSQL is open to the world", finds: "EC2.19", change: toWorld(database, open(world)) },
  { name: "PostgreSQL is open to the world over IPv6", finds: "EC2.19", change: toWorld(database, open("::/0")) },
  {
    name: "a range of ports holds PostgreSQL's",
    finds: "EC2.19",
    change: toWorld(database, { ...open(world), ...ports(5400, 5500) }),
  },
  { name: "half of the world reaches PostgreSQL", finds: "EC2.19", change: toWorld(database, open("128.0.0.0/1")) },
  { name: "a large public range reaches PostgreSQL", finds: "EC2.19", change: toWorld(database, open("3.0.0.0/8")) },
  { name: "Valkey is open to the world", finds: "EC2.19", change: toWorld("ai-router-to-cache-in", open(world)) },
  {
    name: "every ingress rule of a service takes the world",
    finds: "EC2.18",
    change: set(
      { type: types.securityGroupIngress, where: ({ inputs }) => "referencedSecurityGroupId" in inputs },
      { referencedSecurityGroupId: undefined, cidrIpv4: world },
    ),
  },
  {
    name: "GPU nodes are open to the world",
    finds: "EC2.18",
    change: toWorld("gpu-gold-from-load-balancer", open(world)),
  },
  {
    name: "UDP is open to the world",
    finds: "EC2.18",
    change: onTasks({ ...open(world), ...ports(7777), ipProtocol: "udp" }),
  },
  { name: "SSH is open to the world", finds: "CKV_AWS_24", change: onTasks({ ...open(world), ...ports(22) }) },
  { name: "a range over IPv6 holds SSH", finds: "CKV_AWS_24", change: onTasks({ ...open("::/0"), ...ports(20, 30) }) },
  { name: "RDP is open to the world", finds: "CKV_AWS_25", change: onTasks({ ...open(world), ...ports(3389) }) },
  {
    name: "every protocol is open to the world",
    finds: "CKV_AWS_277",
    change: onTasks({ ...open(world), ipProtocol: "-1" }),
  },
  {
    name: "a protocol number without ports opens all",
    finds: "CKV_AWS_277",
    change: onTasks({ ...open(world), ipProtocol: "6" }),
  },
  {
    name: "a group's own list opens SSH",
    finds: "CKV_AWS_24",
    change: set("payment-tasks", { ingress: [{ protocol: "tcp", ...ports(22), cidrBlocks, description: "x" }] }),
  },
  {
    name: "a group's own list opens the database over IPv6",
    finds: "EC2.19",
    change: set("database-access", {
      ingress: [{ protocol: "tcp", ...ports(5432), ipv6CidrBlocks: ["::/0"], description: "x" }],
    }),
  },
  {
    name: "an older rule resource opens the cache",
    finds: "EC2.19",
    change: add(
      types.securityGroupRule,
      { type: "ingress", protocol: "tcp", ...ports(6379), cidrBlocks, description: "x" },
      { securityGroupId: "cache-access" },
    ),
  },
  {
    name: "the default group lets itself through",
    finds: "EC2.2",
    change: set("network-default-group", { ingress: [{ protocol: "-1", ...ports(0), self: true, description: "x" }] }),
  },
  {
    name: "tasks are open to the world on the edge's port",
    finds: "GAP-EDGE-ONLY",
    change: onTasks({ ...open(world), ...ports(443) }),
  },
  { name: "the edge answers plain HTTP", finds: "CKV_AWS_260", change: set("edge-from-0-0-0-0-0", ports(80)) },
  {
    name: "a network ACL lets SSH in",
    finds: "CKV_AWS_232",
    change: add(types.networkAclRule, {
      ruleAction: "allow",
      protocol: "tcp",
      ruleNumber: 1,
      cidrBlock: world,
      ...ports(22),
    }),
  },
  {
    name: "the default network ACL lets all in",
    finds: "CKV_AWS_352",
    change: add(types.defaultNetworkAcl, {
      ingress: [{ action: "allow", protocol: "-1", ruleNo: 1, cidrBlock: world, ...ports(0) }],
    }),
  },
  {
    name: "a private subnet routes to the internet gateway",
    finds: "CKV2_AWS_35",
    change: add(
      types.route,
      { destinationCidrBlock: world },
      {
        routeTableId: `${types.routeTable} network-vpc-private-1`,
        gatewayId: "aws:ec2/internetGateway:InternetGateway network-vpc",
      },
    ),
  },
  {
    name: "the database has a public address",
    finds: "CKV_AWS_17",
    change: set("database-postgres", { publiclyAccessible: true }),
  },
  {
    name: "tasks have public addresses",
    finds: "CKV_AWS_333",
    change: set("ai-router-service", { "networkConfiguration.assignPublicIp": true }),
  },
  {
    name: "the build machine has a public address",
    finds: "CKV_AWS_88",
    change: set("ue5-builder-instance", { associatePublicIpAddress: true }),
  },
  {
    name: "GPU nodes have public addresses",
    finds: "GAP-GPU-PRIVATE",
    change: set("gpu-gold-template", { "networkInterfaces.0.associatePublicIpAddress": "true" }),
  },
  {
    name: "an Elastic IP goes to the build machine",
    finds: "GAP-EIP-INSTANCE",
    change: add(types.eip, { instance: "i-1" }, { instance: "ue5-builder-instance" }),
  },
  {
    name: "the GPU nodes' balancer faces the internet",
    finds: "CKV2_AWS_28",
    change: set("gpu-internal", { internal: false }),
  },
];
