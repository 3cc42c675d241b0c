import { objectives, type Watched } from "../alarms/all";
import { connectionsAlarmedAt } from "../alarms/data";
import { type CompositeDefinition, type Definitions, series } from "../alarms/definition";
import { type Objective, objectiveDays } from "../alarms/objectives";
import { awsMetrics } from "../aws-metrics";
import { groupDimension, observedMetrics, routerMetrics, scalingMetrics } from "../metrics";
import type { Chart, DashboardDefinition, Figure, Widget } from "./definition";

const { balancer, targetGroup, ecsService, ecsTasks, database, cacheNode, queue, topic, group } = awsMetrics;

/** Targets that the policies of a tier follow, for the lines across its charts. */
export interface TierTargets {
  readonly gpuUtilization?: number;
  readonly memoryPressure?: number;
  readonly queueDepth?: number;
  readonly requestsPerNode?: number;
}

export interface DashboardsArgs<Text> extends Watched<Text> {
  readonly targets: Readonly<Record<string, TierTargets>>;
  /** The alarms that exist, for the lists of their states. */
  readonly declared: Definitions<Text>;
  /** US dollars a month that the stack's budget allows. */
  readonly budgetUsd?: number;
}

/** The five dashboards of an environment. */
export function dashboards<Text>(args: DashboardsArgs<Text>): DashboardDefinition<Text>[] {
  return [overview(args), services(args), gpuTiers(args), stores(args), cost(args)].filter(
    ({ rows }) => rows.length > 0,
  );
}

/** What is left of an objective's error budget, in percent; below 0 the promise is broken. */
function budgetLeft<Text>(objective: Objective<Text>): Figure<Text> {
  const budget = Number((1 - objective.target).toPrecision(12));
  return {
    kind: "figure",
    title: `${objective.id}: error budget left of ${objective.target * 100} % over ${objectiveDays} days`,
    lines: [
      ...objective.series,
      {
        id: "left",
        expression: `100 * (1 - ((${objective.bad}) / ${objective.total}) / ${budget})`,
        label: "% left",
      },
    ],
    hidden: objective.series.map(({ id }) => id),
    days: objectiveDays,
  };
}

const chart = <Text>(title: string, lines: Chart<Text>["lines"], more: Partial<Chart<Text>> = {}): Chart<Text> => ({
  kind: "chart",
  title,
  lines,
  ...more,
});

const waking = ({ composites }: { readonly composites: readonly CompositeDefinition[] }, severity: string): string[] =>
  composites.filter((one) => one.severity === severity).map(({ id }) => id);

function overview<Text>(args: DashboardsArgs<Text>): DashboardDefinition<Text> {
  const at = { LoadBalancer: args.loadBalancer };
  const paging = [
    ...waking(args.declared, "page"),
    ...args.declared.alarms.filter(({ severity }) => severity === "page").map(({ id }) => id),
  ];
  const tickets = [
    ...waking(args.declared, "ticket"),
    ...args.declared.alarms.filter(({ severity }) => severity === "ticket").map(({ id }) => id),
  ];
  return {
    id: "overview",
    title: "Platform overview",
    about: "Are players served, and what is left of what they were promised?",
    rows: [
      objectives(args).map(budgetLeft),
      [
        chart("Requests a minute", [series("requests", balancer.requests, at, "Sum", "requests")]),
        chart("Answers that failed", [
          series("own", balancer.own5xx, at, "Sum", "of the load balancer"),
          series("targets", balancer.target5xx, at, "Sum", "of services"),
          series("refused", balancer.target4xx, at, "Sum", "refused"),
        ]),
        chart(
          "Seconds to the first byte",
          ["p50", "p95", "p99"].map((stat) => series(stat, balancer.responseTime, at, stat, stat)),
          { unit: "s" },
        ),
      ],
      ...(args.declared.alarms.length === 0
        ? []
        : [
            [
              { kind: "alarms", title: "What wakes a person", ids: paging } as const,
              { kind: "alarms", title: "What opens a ticket", ids: tickets } as const,
            ],
          ]),
    ],
  };
}

/** Lines of the same metric, one per thing. */
const perThing = <Text, Thing>(
  things: readonly Thing[],
  line: (thing: Thing, id: string) => Chart<Text>["lines"][number],
) => things.map((thing, at) => line(thing, `m${at + 1}`));

function services<Text>(args: DashboardsArgs<Text>): DashboardDefinition<Text> {
  const of = (serviceName: Text) => ({ ClusterName: args.cluster, ServiceName: serviceName });
  const reached = args.services.filter((service) => service.targetGroup !== undefined);
  const edge = (service: (typeof reached)[number]) => ({
    LoadBalancer: args.loadBalancer,
    TargetGroup: service.targetGroup!,
  });
  return {
    id: "services",
    title: "Services",
    about: "Which service is slow, failing, or out of memory?",
    rows: [
      [
        chart(
          "Requests a minute of players, by service",
          perThing(reached, (one, id) => series(id, targetGroup.requests, edge(one), "Sum", one.name)),
        ),
        chart(
          "Server errors a minute, by service",
          perThing(reached, (one, id) => series(id, targetGroup.target5xx, edge(one), "Sum", one.name)),
        ),
        chart(
          "p99 to the first byte, by service",
          perThing(reached, (one, id) => series(id, targetGroup.responseTime, edge(one), "p99", one.name)),
          { unit: "s" },
        ),
      ],
      [
        chart(
          "CPU of tasks",
          perThing(args.services, (one, id) => series(id, ecsService.cpu, of(one.serviceName), "Average", one.name)),
          { unit: "%" },
        ),
        chart(
          "Memory of tasks",
          perThing(args.services, (one, id) => series(id, ecsService.memory, of(one.serviceName), "Average", one.name)),
          { unit: "%", limits: [{ label: "alarm", value: 90 }] },
        ),
        ...(args.countsTasks
          ? [
              chart(
                "Running tasks",
                perThing(args.services, (one, id) =>
                  series(id, ecsTasks.running, of(one.serviceName), "Average", one.name),
                ),
              ),
            ]
          : []),
      ],
    ],
  };
}

function gpuTiers<Text>(args: DashboardsArgs<Text>): DashboardDefinition<Text> {
  const rows = args.tiers.flatMap((facts): Widget<Text>[][] => {
    const { tier } = facts;
    const of = { [groupDimension]: facts.group };
    const at = { LoadBalancer: facts.loadBalancer, TargetGroup: facts.targetGroup };
    const targets = args.targets[tier] ?? {};
    const limit = (value: number | undefined) => (value === undefined ? {} : { limits: [{ label: "target", value }] });
    return [
      [
        chart(`${tier}: nodes`, [
          series("wanted", group.desired, of, "Maximum", "wanted"),
          series("nodes", group.inService, of, "Minimum", "in service"),
          series("booting", group.pending, of, "Maximum", "booting"),
          series("most", group.max, of, "Maximum", "at most"),
        ]),
        chart(
          `${tier}: requests a minute and node`,
          [
            series("requests", targetGroup.requests, at, "Sum"),
            series("nodes", group.inService, of, "Maximum"),
            { id: "each", expression: "requests / nodes", label: "requests a node" },
          ],
          { hidden: ["requests", "nodes"], ...limit(targets.requestsPerNode) },
        ),
        chart(
          `${tier}: waiting`,
          [
            series("router", scalingMetrics.waitingRequests, of, "Maximum", "in the router"),
            series("nodes", scalingMetrics.queueDepth, of, "Average", "on a node"),
          ],
          limit(targets.queueDepth),
        ),
      ],
      [
        chart(`${tier}: GPU utilisation`, [series("gpu", scalingMetrics.gpuUtilization, of, "Average", "GPU")], {
          unit: "%",
          ...limit(targets.gpuUtilization),
        }),
        chart(
          `${tier}: memory`,
          [
            series("pressure", scalingMetrics.memoryPressure, of, "Average", "KV cache in use"),
            series("framebuffer", observedMetrics.framebufferUsed, of, "Average", "framebuffer, taken at start"),
          ],
          { unit: "%", ...limit(targets.memoryPressure) },
        ),
        chart(
          `${tier}: p95 of a request`,
          [
            series("host", observedMetrics.requestLatencyP95, of, "Maximum", "on the node"),
            series("router", routerMetrics.latencyP95, of, "Maximum", "through the router"),
          ],
          { unit: "ms" },
        ),
      ],
      [
        chart(`${tier}: temperature`, [series("celsius", observedMetrics.temperature, of, "Maximum", "hottest GPU")], {
          unit: "°C",
          limits: [{ label: "alarm", value: 85 }],
        }),
        chart(`${tier}: GPU errors`, [series("errors", observedMetrics.gpuErrors, of, "Sum", "XID, ECC, remap")]),
        chart(`${tier}: heartbeats a minute`, [series("beats", observedMetrics.heartbeat, of, "Sum", "heartbeats")]),
      ],
    ];
  });
  return {
    id: "gpu-tiers",
    title: "GPU tiers",
    about: "Do nodes follow the players, and what holds them back?",
    rows,
  };
}

function stores<Text>(args: DashboardsArgs<Text>): DashboardDefinition<Text> {
  const rows: Widget<Text>[][] = [];
  if (args.database !== undefined) {
    const of = { DBInstanceIdentifier: args.database.identifier };
    rows.push([
      chart("Database: connections", [series("connections", database.connections, of, "Maximum", "connections")], {
        ...(args.database.memoryGb !== undefined && {
          limits: [{ label: "alarm", value: connectionsAlarmedAt(args.database.memoryGb) }],
        }),
      }),
      chart("Database: CPU", [series("cpu", database.cpu, of, "Average", "CPU")], { unit: "%" }),
      chart("Database: free storage", [series("free", database.freeStorage, of, "Minimum", "free")], { unit: "bytes" }),
      chart(
        "Database: latency",
        [
          series("read", database.readLatency, of, "Average", "read"),
          series("write", database.writeLatency, of, "Average", "write"),
        ],
        { unit: "s" },
      ),
    ]);
  }
  if (args.cacheNodes.length > 0) {
    const nodes = args.cacheNodes.map((CacheClusterId, at) => ({ of: { CacheClusterId }, name: `node ${at + 1}` }));
    rows.push([
      chart(
        "Cache: engine CPU",
        perThing(nodes, ({ of, name }, id) => series(id, cacheNode.engineCpu, of, "Average", name)),
        { unit: "%" },
      ),
      chart(
        "Cache: memory",
        perThing(nodes, ({ of, name }, id) => series(id, cacheNode.memory, of, "Average", name)),
        { unit: "%" },
      ),
      chart(
        "Cache: evictions",
        perThing(nodes, ({ of, name }, id) => series(id, cacheNode.evictions, of, "Sum", name)),
      ),
    ]);
  }
  const consumers = args.services.flatMap(({ name, queue: own }) => (own === undefined ? [] : [{ name, own }]));
  const ofTopic = { TopicName: args.eventTopic };
  rows.push([
    chart("Events: delivered and failed", [
      series("delivered", topic.delivered, ofTopic, "Sum", "delivered"),
      series("failed", topic.failed, ofTopic, "Sum", "failed"),
    ]),
    ...(consumers.length === 0
      ? []
      : [
          chart(
            "Events: oldest that waits",
            perThing(consumers, ({ name, own }, id) =>
              series(id, queue.oldest, { QueueName: own.name }, "Maximum", name),
            ),
            { unit: "s", limits: [{ label: "alarm", value: 300 }] },
          ),
          chart(
            "Events: given up on",
            perThing(consumers, ({ name, own }, id) =>
              series(id, queue.visible, { QueueName: own.deadLetters }, "Maximum", name),
            ),
          ),
        ]),
  ]);
  return {
    id: "stores",
    title: "Knowledge base, database, cache and events",
    about: "Do the stores keep up, and how long will they last?",
    rows,
  };
}

/** Nodes are what the bill moves by: the rest is nearly the same every month, and `platform cost` prints it. */
function cost<Text>(args: DashboardsArgs<Text>): DashboardDefinition<Text> {
  const nodes = args.tiers.map((facts): Chart<Text> => {
    const of = { [groupDimension]: facts.group };
    return chart(
      `${facts.tier}: node hours of a day`,
      [series("nodes", group.inService, of, "Average"), { id: "hours", expression: "nodes * 24", label: "node hours" }],
      { hidden: ["nodes"] },
    );
  });
  const budget =
    args.budgetUsd === undefined
      ? "This stack has no budget (`budget.monthlyUsd`)."
      : `The budget is **$${args.budgetUsd} a month**; AWS Budgets warns at 80 % of it and when the forecast passes it.`;
  return {
    id: "cost",
    title: "Cost",
    about: "What moves the bill?",
    rows: [
      [
        {
          kind: "note",
          markdown: `${budget}\n\n\`npx platform cost\` prints the bill by component, before it is spent.`,
        },
      ],
      ...(nodes.length === 0 ? [] : [nodes]),
    ],
  };
}
