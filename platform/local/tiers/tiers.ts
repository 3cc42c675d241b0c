import { basename } from "node:path";
import { type GpuTier, productRegistry } from "../../../contracts/archetypes";
import type { RecordedResource } from "../../engine";
import { scalingPlanOf } from "../../simulator/adapter";
import { numberOf, objectOf, ResourceIndex, textOf } from "../../simulator/evaluation-reader";
import type { Bundle } from "../bundles";
import type { Graph } from "../graph/graph";
import type { LocalTiers } from "../local-tiers";
import type { Ports } from "../ports";
import type { Closing } from "../run/closing";
import { startAwsEndpoint } from "./aws-endpoint";
import { type Balancer, startBalancer } from "./balancer";
import { LocalGroup, mostNodes, type ScalingPace } from "./group";
import { MetricStore } from "./metric-store";
import { nodeEnvironment, registryOf } from "./node-environment";

export interface TierOptions {
  readonly graph: Graph;
  readonly bundles: ReadonlyMap<string, Bundle>;
  /** Folder that the toy model is kept below. */
  readonly projectDir: string;
  readonly ports: Ports;
  readonly pace: ScalingPace;
  /** Takes what must be closed where the bring-up fails half-way. */
  readonly closing: Pick<Closing, "push">;
  /** GGUF file that the nodes serve; with it one node answers for all tiers. @default the toy */
  readonly model?: string;
  readonly onChange: () => void;
  readonly say: (line: string) => void;
}

/** Longest that answers of a node may take once the platform stops, in milliseconds. */
const drainMs = 6_000;
/** Seconds without a byte that a load balancer waits for where the stack does not say. Source: Application Load Balancer. */
const idleSeconds = 60;

/** The GPU tiers that the stack declares, as processes of this machine behind loopback load balancers. */
export async function startTiers({
  graph,
  bundles,
  projectDir,
  ports,
  pace,
  closing,
  model,
  onChange,
  say,
}: TierOptions): Promise<LocalTiers> {
  const metrics = new MetricStore();
  const groups: LocalGroup[] = [];
  const balancers = new Map<GpuTier, Balancer>();
  const endpoint = await startAwsEndpoint(await ports.next("the AWS endpoint"), {
    onData: (namespace, data) => metrics.put(namespace, data),
    onCall: (call) => groups.map((group) => group.called(call)).find((taken) => taken !== undefined) ?? false,
  });
  closing.push(() => endpoint.close());
  const { groups: plans } = scalingPlanOf(graph.evaluation);
  const index = new ResourceIndex(graph.evaluation);
  let registry = productRegistry;
  for (const plan of plans) {
    const group = graph.evaluation.resources.find(({ urn }) => urn === plan.urn)!;
    const balancer = await startBalancer({
      ...healthOf(index, group),
      port: await ports.next(`the ${plan.tier} tier`),
      name: plan.tier,
    });
    balancers.set(plan.tier, balancer);
    closing.push(() => balancer.close(0));
  }
  // A small machine has no room for a model twice: the first tier's node answers for the others too.
  for (const plan of model === undefined ? plans : plans.slice(0, 1)) {
    const group = graph.evaluation.resources.find(({ urn }) => urn === plan.urn)!;
    const balancer = model === undefined ? balancers.get(plan.tier)! : inFrontOf([...balancers.values()]);
    const environment = nodeEnvironment(index, group);
    registry = registryOf(environment);
    const node = {
      group: plan.name,
      environment: { ...environment, ...(model !== undefined && { INFERENCE_HOST_MODEL: model }) },
      inferenceHost: bundles.get("inference-host")!.file,
      gpuMetrics: bundles.get("gpu-metrics")!.file,
      awsEndpoint: endpoint.url,
      cwd: projectDir,
      freePort: () => ports.free(),
      onChange,
      say,
    };
    groups.push(
      new LocalGroup({
        plan,
        pace,
        balancer,
        metrics,
        node,
        mostNodes: model === undefined ? mostNodes : 1,
        onChange,
        say,
      }),
    );
  }
  const ready = Promise.all(groups.map((group) => group.start()));
  ready.catch(() => undefined);
  return {
    urls: Object.fromEntries([...balancers].map(([tier, { url }]) => [tier, url])),
    ...(model !== undefined && { model: basename(model) }),
    awsEndpoint: endpoint.url,
    registry,
    states: () => groups.map((group) => group.state()),
    decisions: () => groups.flatMap((group) => group.decisions()).sort((a, b) => a.at - b.at),
    logs: (name) => groups.map((group) => group.logs(name)).find((lines) => lines !== undefined),
    restart: async (program) => void (await Promise.all(groups.map((group) => group.restart(program)))),
    ready: async () => void (await ready),
    async stop() {
      await Promise.all([
        ...[...balancers.values()].map((balancer) => balancer.close(drainMs)),
        ...groups.map((group) => group.stop()),
      ]);
      await endpoint.close();
    },
  };
}

/** Where a tier's nodes are asked for their health, and how long their load balancer waits, as the stack declares it. */
function healthOf(index: ResourceIndex, group: RecordedResource) {
  const [target] = index.targets(group, "targetGroupArns", "aws:lb/targetGroup:TargetGroup");
  const internal = index.ofType("aws:lb/loadBalancer:LoadBalancer").find(({ inputs }) => inputs.internal === true);
  return {
    healthPath: textOf(objectOf(target?.inputs.healthCheck)?.path) ?? "/",
    idleSeconds: numberOf(internal?.inputs.idleTimeout) ?? idleSeconds,
  };
}

/** Several load balancers as one: a node that is in one of them is in all. */
function inFrontOf(balancers: readonly Balancer[]): Balancer {
  return {
    url: balancers[0]!.url,
    register: (id, port) => {
      for (const balancer of balancers) balancer.register(id, port);
    },
    deregister: (id) => {
      for (const balancer of balancers) balancer.deregister(id);
    },
    close: (milliseconds) => Promise.all(balancers.map((each) => each.close(milliseconds))).then(() => undefined),
  };
}
