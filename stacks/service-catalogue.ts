import type { GpuTier } from "../contracts/archetypes";
import { answerSeconds } from "../contracts/requests";
import { type ListeningService, serviceAddresses } from "../contracts/services/addresses";

/** Secrets that only a person can supply; the program makes them with a value that says so, and never reads them back. */
export const externalSecrets = {
  stripe: "STRIPE_API_KEY",
  stripeWebhook: "STRIPE_WEBHOOK_SECRET",
  modelProviders: "MODEL_PROVIDER_KEYS",
  github: "GITHUB_TOKEN",
} as const;
export type ExternalSecret = keyof typeof externalSecrets;

/** Buckets of an environment that services use. */
export const serviceBuckets = ["documents", "models"] as const;
export type ServiceBucket = (typeof serviceBuckets)[number];

/** What a service is, wherever it runs. */
export interface ServiceDefinition {
  /** What it does, in a few words. */
  readonly summary: string;
  /** Whether its code is in this repository, or elsewhere with the stub until its image is given. */
  readonly source: "repository" | "elsewhere";
  /** Absent for a worker without a listener. */
  readonly http?: {
    /** TCP port. */
    readonly port: number;
    readonly healthPath: string;
    /** Seconds that an answer to another service may take. @default 15 */
    readonly answerSeconds?: number;
  };
  /** CPU units, 1024 = one vCPU. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
  /** A database of its own on the instance, and whether an own container migrates it before the service starts. */
  readonly database?: {
    readonly migrates: boolean;
    readonly extensions: readonly string[];
    readonly roles: readonly string[];
  };
  /** Uses the cache, under its own key prefix. */
  readonly cache?: boolean;
  /** What it has to do with the game's events. */
  readonly events?: {
    /** Publishes some. */
    readonly publishes?: true;
    /** Types that it hears from a queue of its own: whole ones, a beginning such as `time.*`, or `*` alone for all. */
    readonly hears?: readonly string[];
  };
  readonly buckets?: Readonly<Partial<Record<ServiceBucket, "read" | "read-write">>>;
  readonly secrets?: readonly ExternalSecret[];
  /** Services that it may call; each is an edge between two security groups. */
  readonly calls?: readonly string[];
  /** GPU tiers whose load balancer it may call. */
  readonly tiers?: readonly GpuTier[];
  /** Foundation models on Amazon Bedrock that it may invoke. */
  readonly bedrockModels?: readonly string[];
  /** CloudWatch namespaces that it may publish to. */
  readonly metricNamespaces?: readonly string[];
  /** Paths under which players reach it through the public edge. */
  readonly publicPaths?: readonly string[];
  /** Fixed environment beside what its needs bring. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Commands of its image for tasks that a person or a pipeline starts, by name. */
  readonly oneOff?: Readonly<Record<string, readonly string[]>>;
  /** Seconds that it may take to end after SIGTERM. @default 30 */
  readonly stopTimeout?: number;
  /** Tasks in production at least and at most; one task where both are 1. */
  readonly tasks: { readonly min: number; readonly max: number };
}

/** Where a service listens, as its contract has it. */
function listener(name: ListeningService, answerSeconds?: number) {
  const { port, health } = serviceAddresses[name];
  return { port, healthPath: health, ...(answerSeconds === undefined ? {} : { answerSeconds }) };
}

const small = { cpu: 256, memory: 512 } as const;
const medium = { cpu: 512, memory: 1024 } as const;
const ownDatabase = { migrates: false, extensions: [], roles: [] } as const;
const fewTasks = { min: 2, max: 6 } as const;
const manyTasks = { min: 2, max: 12 } as const;
const oneTask = { min: 1, max: 1 } as const;

/**
 * The services of the platform. Ports and health paths come from the contracts; the two workers have no listener.
 */
export const serviceCatalogue = {
  "ai-integration": {
    summary: "language-model facade: context, adapter routes, tier routes",
    source: "elsewhere",
    http: listener("ai-integration", answerSeconds),
    ...medium,
    database: ownDatabase,
    calls: ["ai-router", "model-management", "state-manager"],
    tasks: manyTasks,
  },
  "ai-router": {
    summary: "the public door to the models: picks a tier by latency budget and streams its answer",
    source: "repository",
    http: listener("ai-router", answerSeconds),
    ...medium,
    database: { ...ownDatabase, migrates: true },
    cache: true,
    tiers: ["gold", "silver"],
    metricNamespaces: ["AI-Gaming/Router"],
    publicPaths: ["/v1/*"],
    stopTimeout: 120,
    tasks: { min: 3, max: 30 },
  },
  "capability-registry": {
    summary: "which engine version offers which feature",
    source: "repository",
    http: listener("capability-registry"),
    ...small,
    database: { ...ownDatabase, migrates: true },
    events: { publishes: true },
    tasks: fewTasks,
  },
  "environmental-narrative": {
    summary: "story scenes, discoveries, environmental history",
    source: "elsewhere",
    http: listener("environmental-narrative"),
    ...small,
    database: ownDatabase,
    tasks: fewTasks,
  },
  "event-bus": {
    summary: "publish and subscribe inside the game, with history and statistics",
    source: "elsewhere",
    http: listener("event-bus"),
    ...medium,
    cache: true,
    tasks: fewTasks,
  },
  "knowledge-base": {
    summary: "searchable story memory",
    source: "repository",
    http: listener("knowledge-base"),
    cpu: 1024,
    memory: 2048,
    database: { migrates: true, extensions: ["vector"], roles: ["kb_app"] },
    buckets: { documents: "read" },
    bedrockModels: ["amazon.titan-embed-text-v2:0"],
    oneOff: { ingest: ["ingest"] },
    tasks: fewTasks,
  },
  "language-system": {
    summary: "made-up languages, sentence generation, speech",
    source: "elsewhere",
    http: listener("language-system"),
    ...medium,
    calls: ["ai-integration"],
    tasks: fewTasks,
  },
  "model-management": {
    summary: "model registry, switching of paid models, fine-tuning jobs",
    source: "elsewhere",
    http: listener("model-management"),
    ...medium,
    database: ownDatabase,
    buckets: { models: "read-write" },
    secrets: ["modelProviders"],
    tasks: fewTasks,
  },
  "npc-behavior": {
    summary: "personality, goals, memory and choice of action",
    source: "elsewhere",
    http: listener("npc-behavior"),
    ...small,
    database: ownDatabase,
    cache: true,
    calls: ["ai-integration", "knowledge-base", "state-manager"],
    tasks: manyTasks,
  },
  orchestration: {
    summary: "layered content pipeline and battle coordination",
    source: "elsewhere",
    http: listener("orchestration"),
    ...small,
    database: ownDatabase,
    cache: true,
    calls: ["ai-integration", "knowledge-base", "npc-behavior"],
    tasks: fewTasks,
  },
  payment: {
    summary: "Stripe checkout, webhook, coupons",
    source: "elsewhere",
    http: listener("payment"),
    ...small,
    secrets: ["stripe", "stripeWebhook"],
    publicPaths: ["/api/payment/*"],
    tasks: fewTasks,
  },
  "performance-mode": {
    summary: "render presets",
    source: "elsewhere",
    http: listener("performance-mode"),
    ...small,
    publicPaths: ["/performance-mode/*"],
    tasks: fewTasks,
  },
  "quest-system": {
    summary: "quest generation, objectives, rewards",
    source: "elsewhere",
    http: listener("quest-system"),
    ...small,
    database: ownDatabase,
    cache: true,
    calls: ["ai-integration", "knowledge-base", "state-manager"],
    publicPaths: ["/api/quests/*"],
    tasks: manyTasks,
  },
  router: {
    summary: "routes by service level: real-time to Gold, interactive to Silver",
    source: "elsewhere",
    http: listener("router"),
    ...small,
    tiers: ["gold", "silver"],
    tasks: fewTasks,
  },
  settings: {
    summary: "configuration, preferences, feature flags, player tiers",
    source: "elsewhere",
    http: listener("settings"),
    ...small,
    database: ownDatabase,
    cache: true,
    publicPaths: ["/api/settings/*"],
    tasks: fewTasks,
  },
  "state-manager": {
    summary: "state of the game per player",
    source: "elsewhere",
    http: listener("state-manager"),
    ...small,
    database: ownDatabase,
    cache: true,
    publicPaths: ["/api/state/*"],
    tasks: manyTasks,
  },
  "story-teller": {
    summary: "story nodes, choices, branches, narrative generation",
    source: "elsewhere",
    http: listener("story-teller"),
    ...medium,
    database: ownDatabase,
    cache: true,
    calls: ["ai-integration", "knowledge-base"],
    publicPaths: ["/api/story/*"],
    tasks: manyTasks,
  },
  storyteller: {
    summary: "worker that joins story context to engine capabilities",
    source: "elsewhere",
    ...small,
    calls: ["capability-registry", "story-teller"],
    tasks: oneTask,
  },
  "time-manager": {
    summary: "day and night clock; publishes time events",
    source: "elsewhere",
    http: listener("time-manager"),
    ...small,
    events: { publishes: true },
    tasks: oneTask,
  },
  "ue-version-monitor": {
    summary: "worker that asks for engine releases every hour",
    source: "elsewhere",
    ...small,
    secrets: ["github"],
    calls: ["capability-registry"],
    environment: { POLL_INTERVAL_SECONDS: "3600" },
    tasks: oneTask,
  },
  "weather-manager": {
    summary: "progression of weather and seasons",
    source: "elsewhere",
    http: listener("weather-manager"),
    ...small,
    events: { publishes: true, hears: ["time.*"] },
    tasks: fewTasks,
  },
  "world-state": {
    summary: "state of the world, events, factions, economy",
    source: "elsewhere",
    http: listener("world-state"),
    ...small,
    database: ownDatabase,
    cache: true,
    publicPaths: ["/api/world/*"],
    tasks: manyTasks,
  },
} as const satisfies Record<string, ServiceDefinition>;

export type ServiceName = keyof typeof serviceCatalogue;

/** All service names, sorted. */
export const serviceNames = Object.keys(serviceCatalogue).sort() as readonly ServiceName[];
