import type { GpuTier } from "../../../contracts/archetypes";
import { tierListenerPorts } from "../../../contracts/ports";
import { type PropertyMap, type RecordedResource, unwrapSecret } from "../../engine";
import { type Graph, Outputs } from "../graph/graph";
import type { AddressBook } from "./addresses";
import type { LocalSecrets } from "./secrets";

/** What is known of this machine when outputs get their values. */
export interface Here {
  readonly graph: Graph;
  readonly secrets: LocalSecrets;
  readonly addresses: AddressBook;
  /** Host of an attached PostgreSQL; absent: the platform brings the databases. */
  readonly databaseHost?: string;
  /** Outputs of a topic or queue. */
  readonly events: (resource: RecordedResource) => Readonly<Record<string, string>>;
  /** Name of a tier's group here, from the group's resource. */
  readonly groupName: (group: RecordedResource) => string | undefined;
}

/** How a type of resource exists on this machine. */
export interface Realiser {
  /** What stands for it, in a few words. */
  readonly as: string;
  /** Values of its outputs, as far as a text may carry them. */
  readonly outputs?: (resource: RecordedResource, here: Here) => Readonly<Record<string, string>>;
}

/** Stands for the address of a database that the platform brings; `database-environment.ts` replaces it. */
export const localDatabase = "database.invalid";

/** Every type that is realised here. What stands in no line of this table is listed as not realised. */
export const realisers: Readonly<Record<string, Realiser>> = {
  "aws:rds/instance:Instance": {
    as: "PostgreSQL, with a database and a role for each service",
    outputs: (_, { databaseHost }) => ({ address: databaseHost ?? localDatabase }),
  },
  "random:index/randomPassword:RandomPassword": {
    as: "a value in the data folder, made once",
    outputs: ({ urn, inputs }, { secrets }) => ({ result: secrets.value(urn, Number(inputs.length)) }),
  },
  "random:index/randomId:RandomId": { as: "the stand-in that the program got" },
  "aws:secretsmanager/secret:Secret": {
    as: "a value in the data folder",
    // The ARN is what a task definition names; the value that belongs to it is looked up by `secretValues`.
    outputs: ({ urn }) => ({ arn: urn, id: urn }),
  },
  "aws:secretsmanager/secretVersion:SecretVersion": { as: "a value in the data folder" },
  "aws:ecs/taskDefinition:TaskDefinition": { as: "the environment of a process" },
  "aws:ecs/service:Service": { as: "a process, or an entry of the stub process" },
  "aws:servicediscovery/httpNamespace:HttpNamespace": { as: "loopback addresses in the place of names" },
  "aws:lb/loadBalancer:LoadBalancer": {
    as: "a loopback proxy",
    outputs: ({ name }, { addresses }): Readonly<Record<string, string>> =>
      addresses.hasHost(name) ? { dnsName: name } : {},
  },
  "aws:lb/listener:Listener": { as: "a loopback port" },
  "aws:lb/listenerRule:ListenerRule": { as: "a route of the loopback edge" },
  "aws:lb/targetGroup:TargetGroup": { as: "the processes behind a loopback proxy" },
  "aws:sns/topic:Topic": { as: "a topic of the emulator", outputs: (topic, { events }) => events(topic) },
  "aws:sns/topicSubscription:TopicSubscription": { as: "a subscription of the emulator, with its filter policy" },
  "aws:sqs/queue:Queue": { as: "a queue of the emulator", outputs: (queue, { events }) => events(queue) },
  "aws:autoscaling/group:Group": {
    as: "inference-host and gpu-metrics processes",
    outputs: (group, { groupName }): Readonly<Record<string, string>> => {
      const name = groupName(group);
      return name === undefined ? {} : { name };
    },
  },
  "aws:autoscaling/policy:Policy": { as: "the simulator's scaling engine, live" },
  "aws:autoscaling/lifecycleHook:LifecycleHook": { as: "a wait of the local group" },
  "aws:ec2/launchTemplate:LaunchTemplate": { as: "the environment of node processes" },
};

/** Outputs of everything realised that gives any. */
export function realisedOutputs(here: Here): Outputs {
  const outputs = new Outputs(here.graph);
  for (const [type, { outputs: of }] of Object.entries(realisers)) {
    if (of === undefined) continue;
    for (const resource of here.graph.ofType(type)) outputs.set(resource.urn, of(resource, here));
  }
  return outputs;
}

/** Values of the secrets, by the text that stands for their ARN. */
export function secretValues(graph: Graph, outputs: Outputs): ReadonlyMap<string, string> {
  return new Map(
    graph.ofType("aws:secretsmanager/secretVersion:SecretVersion").flatMap(({ inputs }) => {
      const secret = graph.behind(inputs.secretId);
      const value = outputs.resolve(secretText(inputs));
      return secret === undefined || "unresolved" in value ? [] : [[secret.urn, value.text] as const];
    }),
  );
}

const secretText = ({ secretString }: PropertyMap): string => String(unwrapSecret(secretString ?? "") ?? "");

/** The tier whose load balancer listens at a port. */
export function tierAt(port: number): GpuTier | undefined {
  return (Object.keys(tierListenerPorts) as GpuTier[]).find((tier) => tierListenerPorts[tier] === port);
}
