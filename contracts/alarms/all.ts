import { cacheNodeAlarm, type DatabaseFacts, databaseAlarms, queueAlarms, topicAlarm } from "./data";
import type { AlarmDefinition, CompositeDefinition, Definitions } from "./definition";
import { certificateAlarm, edgeAlarms, edgeObjective, targetAlarm } from "./edge";
import { burnRateAlarms, type Objective } from "./objectives";
import { memoryAlarm, type ServiceWithObjective, serviceObjective, serviceTargets, tasksAlarm } from "./services";
import { type TierFacts, tierAlarms, tierObjective } from "./tiers";

/** A service as its alarms know it. */
export interface WatchedService<Text> {
  readonly name: string;
  /** Its name in ECS. */
  readonly serviceName: Text;
  /** Its target group at the edge, where players reach it. */
  readonly targetGroup?: Text;
  /** The names of its queue of events and of that one's dead letters. */
  readonly queue?: { readonly name: Text; readonly deadLetters: Text };
}

/** What there is to watch in an environment. */
export interface Watched<Text> {
  readonly loadBalancer: Text;
  readonly certificate?: Text;
  readonly cluster: Text;
  /** False where the cluster has no Container Insights, which count tasks. */
  readonly countsTasks: boolean;
  readonly services: readonly WatchedService<Text>[];
  readonly database?: DatabaseFacts<Text>;
  /** Ids of the cache's nodes, the primary first. */
  readonly cacheNodes: readonly Text[];
  readonly eventTopic: Text;
  readonly tiers: readonly TierFacts<Text>[];
}

const objectivesFile = "contracts/alarms";

/** Every objective of an environment. */
export function objectives<Text>(watched: Watched<Text>): Objective<Text>[] {
  const { loadBalancer } = watched;
  return [
    edgeObjective(loadBalancer),
    ...watched.services.flatMap(({ name, targetGroup }) =>
      Object.hasOwn(serviceTargets, name)
        ? [
            serviceObjective(
              name as ServiceWithObjective,
              targetGroup === undefined
                ? { at: "connect", discoveryName: name as Text }
                : { at: "edge", loadBalancer, targetGroup },
            ),
          ]
        : [],
    ),
    ...watched.tiers.map(tierObjective),
  ];
}

/** Every alarm of an environment, in the order of what a request meets. */
export function allAlarms<Text>(watched: Watched<Text>): Definitions<Text> {
  const { loadBalancer, cluster, services, tiers } = watched;
  const burning = objectives(watched).map((objective) => burnRateAlarms(objective, objectivesFile));
  const alarms: AlarmDefinition<Text>[] = [
    ...edgeAlarms(loadBalancer),
    ...(watched.certificate === undefined ? [] : [certificateAlarm(watched.certificate)]),
    ...services.flatMap(({ name, serviceName, targetGroup, queue }) => [
      ...(targetGroup === undefined ? [] : [targetAlarm(name, loadBalancer, targetGroup)]),
      ...(watched.countsTasks ? [tasksAlarm(name, cluster, serviceName)] : []),
      memoryAlarm(name, cluster, serviceName),
      ...(queue === undefined ? [] : queueAlarms(name, queue.name, queue.deadLetters)),
    ]),
    ...(watched.database === undefined ? [] : databaseAlarms(watched.database)),
    ...watched.cacheNodes.map((node, at) => cacheNodeAlarm(at + 1, node)),
    topicAlarm(watched.eventTopic),
    ...tiers.flatMap(tierAlarms),
  ];
  return {
    alarms: [...burning.flatMap((one) => one.alarms), ...alarms],
    composites: known(
      burning.flatMap((one) => one.composites),
      alarms,
    ),
  };
}

/** Ids of the few alarms that say that data is in danger or that nothing answers. */
const essential = ["edge-rejected", "database-silent", "database-storage", "database-transaction-ids"];

/** The alarms without which an environment could be down, or lose data, with nobody told. */
export function essentialAlarms<Text>(watched: Watched<Text>): Definitions<Text> {
  const { alarms } = allAlarms(watched);
  const ids = [...essential, ...watched.tiers.map(({ tier }) => `${tier}-empty`)];
  return { alarms: alarms.filter(({ id }) => ids.includes(id)), composites: [] };
}

/** Composites without a suppressor that the environment does not have. */
function known<Text>(
  composites: readonly CompositeDefinition[],
  alarms: readonly AlarmDefinition<Text>[],
): CompositeDefinition[] {
  const ids = new Set(alarms.map(({ id }) => id));
  return composites.map(({ suppressedBy, ...composite }) =>
    suppressedBy !== undefined && ids.has(suppressedBy) ? { ...composite, suppressedBy } : composite,
  );
}
