import { z } from "zod";
import { levels, type UsageKey, usageAssumptions } from "../catalog/usage";
import { type Severity, severities } from "../contracts/alarms/definition";
import { ownArchetypesSchema, ownChainsSchema } from "../contracts/own-archetypes";
import { signatureAlgorithms } from "../contracts/players";
import { gpuImageSchema, gpuSchema, ue5BuilderSchema } from "./gpu-schema";

const network = z.strictObject({
  /** Address range of the VPC, /16 to /21 so that every zone's subnets fit. @default 10.30.0.0/16 for ephemeral stacks */
  cidr: z.cidrv4(),
  /** Ranges of other networks that this one may have to reach, which it therefore must not overlap. */
  reserved: z.array(z.cidrv4()).default([]),
  /** Availability zones that subnets are made in. */
  zones: z.int().min(2).max(3),
  /** NAT gateways: `single` is cheap and one zone's outage cuts all egress, `one-per-zone` is for prod. */
  natGateways: z.enum(["none", "single", "one-per-zone"]),
  /** What flow logs keep: refused traffic or everything. */
  flowLogs: z.enum(["reject", "all"]),
  /**
   * GB a month and zone that each AWS service is expected to take; an interface endpoint is made where it is cheaper. `logs` is no key
   * here: it follows from `usage.logGb`, by which the bill is made.
   */
  expectedTrafficGb: z
    .record(
      z
        .string()
        .refine((service) => service !== "logs", "expected another service than logs, which usage.logGb decides"),
      z.number().min(0),
    )
    .default({}),
});

const compute = z.strictObject({
  /** Where tasks run: `spot` is about half the price and may be stopped with two minutes' notice, `mixed` keeps one task on demand. */
  capacity: z.enum(["on-demand", "mixed", "spot"]),
  /** Metrics of every service and task from ECS itself, billed as custom metrics. */
  containerInsights: z.enum(["disabled", "enabled", "enhanced"]),
  /** Processor of the tasks; images must be built for it. */
  architecture: z.enum(["X86_64", "ARM64"]).default("X86_64"),
  /** Days that logs are kept. */
  logDays: z.int(),
  /** `catalogue` takes each service's own numbers of tasks, `minimal` one task each that may become two, `single` one. */
  tasks: z.enum(["single", "minimal", "catalogue"]),
});

const database = z.strictObject({
  /** False leaves the database out; services that need it must then be off too. */
  enabled: z.boolean().default(true),
  /** PostgreSQL version, quoted; it must carry pgvector 0.8.2 or later. */
  engineVersion: z.string().regex(/^\d+\.\d+$/, "expected MAJOR.MINOR in quotes"),
  instanceClass: z.string().regex(/^db\.[a-z0-9]+\.[a-z0-9]+$/, "expected an RDS class such as db.t4g.micro"),
  /** Storage at creation, GiB of gp3. */
  storageGb: z.int().min(20).max(65536),
  /** Ceiling that storage grows to by itself, GiB. */
  maxStorageGb: z.int().min(20).max(65536),
  /** A standby in a second zone. */
  multiAz: z.boolean(),
  /** Days that automatic backups are kept. */
  backupDays: z.int().min(0).max(35),
  /** Seconds between two samples of enhanced monitoring; 0 is off. */
  monitoringSeconds: z.int(),
  /** Days that Performance Insights keeps its samples. */
  performanceInsightsDays: z.int().default(7),
});

const cache = z.strictObject({
  /** False leaves the cache out; services that need it must then be off too. */
  enabled: z.boolean().default(true),
  /** Valkey version, quoted. */
  version: z.string(),
  nodeType: z.string().regex(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, "expected an ElastiCache type such as cache.t4g.micro"),
  /** A primary and its replicas. */
  nodes: z.int(),
  /** Nodes in several zones, with automatic failover. */
  multiAz: z.boolean(),
  /** Days that snapshots are kept; 0 makes none. */
  snapshotDays: z.int().min(0).max(35),
});

const edge = z.strictObject({
  /** ARN of an ACM certificate of the stack's region, or `shared` for the shared stack's. Without one: plain HTTP, not in prod. */
  certificate: z
    .string()
    .regex(
      /^(shared|arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+)$/,
      "expected `shared` or the ARN of an ACM certificate",
    )
    .optional(),
  /** Networks that may reach the edge. Plain HTTP never opens to the world. */
  allowedCidrs: z.array(z.cidrv4()).default([]),
  /** Requests that one address may send in five minutes. */
  requestsPerAddress: z.int().min(10).max(2_000_000_000).default(2000),
});

const service = z.strictObject({
  /** False leaves the service out. @default true */
  enabled: z.boolean().optional(),
  /** Container image, by digest in prod. @default the stub on a public Node image */
  image: z.string().min(1).optional(),
  /** Command of the image. @default the image's own */
  command: z.array(z.string()).optional(),
  /** Health check run in the container, as ECS takes it (`CMD` or `CMD-SHELL` first). @default one that needs Node in the image */
  healthCommand: z.array(z.string()).min(2).optional(),
  /** CPU units, 1024 = one vCPU. */
  cpu: z.int().optional(),
  /** MiB. */
  memory: z.int().optional(),
  /** Tasks that scaling keeps to. */
  tasks: z.strictObject({ min: z.int().min(0).max(5000), max: z.int().min(0).max(5000) }).optional(),
  /** Plain settings, laid over the catalogue's; a secret never goes here. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
});

const amount = z.number().min(0);
const perLevel = z.strictObject(
  Object.fromEntries(levels.map((level) => [level, amount.optional()])) as Record<
    (typeof levels)[number],
    z.ZodOptional<typeof amount>
  >,
);

/** What the monthly bill assumes where no program can know: a number for every level, or a map of levels. See catalog/usage.ts. */
const usage = z.strictObject(
  Object.fromEntries(
    Object.keys(usageAssumptions).map((key) => [key, z.union([amount, perLevel]).optional()]),
  ) as Record<UsageKey, z.ZodOptional<z.ZodUnion<[typeof amount, typeof perLevel]>>>,
);

const httpsUrl = z.url({ protocol: /^https$/, error: "an https:// address" });

/** The OpenID issuer whose tokens players and operators bring; every service checks them against its keys. */
const players = z.strictObject({
  /** Exactly the `iss` of its tokens. */
  issuer: httpsUrl,
  /** The `aud` that a token must name. */
  audience: z.string().min(1),
  /** Where its public keys are. @default what its discovery document says */
  jwksUrl: httpsUrl.optional(),
  /** The one signature algorithm that is taken. @default RS256 */
  algorithm: z.enum(signatureAlgorithms).optional(),
  /** Scope that makes an operator. @default operator */
  operatorScope: z.string().min(1).optional(),
});

export type PlayerSettings = z.infer<typeof players>;

const budget = z.strictObject({
  /** US dollars a month; a plan whose expected bill is above it gets a finding. */
  monthlyUsd: z.number().positive(),
});

/** How long an ephemeral stack lives and whose it is; `platform ephemeral up` writes it. */
const lifetime = z.strictObject({
  /** RFC 3339 time in UTC after which the stack may be reaped, or `never`. */
  expiresAt: z.union([z.literal("never"), z.iso.datetime({ error: "an RFC 3339 time in UTC, or never" })]),
  owner: z.string().min(1).max(256),
});

const address = z.union([z.email(), httpsUrl], { error: "an e-mail address or an https:// address" });

/** Who hears of trouble: a page wakes somebody, a ticket waits for working hours, info is for a channel. */
const subscribers = z.strictObject(
  Object.fromEntries(severities.map((severity) => [severity, z.array(address).default([])])) as Record<
    Severity,
    z.ZodDefault<z.ZodArray<typeof address>>
  >,
);

const monitoring = z.strictObject({
  /**
   * `essential` is the few without which nobody would know that data is in danger or that nothing answers, for about $5 a month with
   * their key and topics; `all` has every objective.
   */
  alarms: z.enum(["none", "essential", "all"]).default("none"),
  /** $3 a month each after the account's first three. */
  dashboards: z.boolean().default(false),
  /** Addresses (e-mail or https) that each topic delivers to. @default none: somebody must subscribe */
  subscribers: subscribers.prefault({}),
});

export type MonitoringSettings = z.infer<typeof monitoring>;

/** The keys of an environment or ephemeral stack under the `game-ai-platform:` namespace. */
export const platformSchema = z.strictObject({
  network,
  compute,
  database,
  cache,
  edge,
  /** Changes to services of the catalogue, by name. */
  services: z.record(z.string(), service).default({}),
  usage: usage.optional(),
  budget: budget.optional(),
  /** Of ephemeral stacks alone. @default none, so that nothing reaps the stack by its tags */
  lifetime: lifetime.optional(),
  monitoring: monitoring.prefault({}),
  /** @default none, so that services take keys and no tokens */
  players: players.optional(),
  gpu: gpuSchema.optional(),
  /** Archetypes laid over the product's, by name; `false` leaves one of the product's out (docs/archetypes.md). */
  archetypes: ownArchetypesSchema.optional(),
  /** Chains laid over the product's. */
  chains: ownChainsSchema.optional(),
  ue5Builder: ue5BuilderSchema.optional(),
});

/** The keys of the shared stack. */
export const sharedSchema = z.strictObject({
  /** Domain and certificate of the public edge. @default none, so that environments have plain HTTP or a certificate of their own */
  domain: z
    .strictObject({
      /** Host name that the certificate is for, for example game.example.com; `*.` of it is added. */
      name: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "expected a domain name in lower case"),
      /** Route 53 zone in which ownership is proved. @default a person adds the records that the stack prints */
      zoneId: z
        .string()
        .regex(/^Z[A-Z0-9]+$/, "expected a Route 53 zone id")
        .optional(),
    })
    .optional(),
  /** GitHub repository whose workflows may take the CI roles. @default no CI roles */
  ci: z
    .strictObject({
      repository: z.string().regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, "expected OWNER/NAME; numbers go under ids"),
      /**
       * GitHub's numbers of the owner and of the repository, for one that was made, renamed or moved since 15 July 2026: its workflows
       * sign in as `repo:OWNER@ID/NAME@ID:...`. `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints both.
       */
      ids: z
        .strictObject({
          owner: z.int().positive(),
          repository: z.int().positive(),
          orNames: z.boolean().default(false),
        })
        .optional(),
      /** Bucket of Pulumi's state, where Pulumi Cloud is not used. */
      stateBucket: z.string().optional(),
    })
    .optional(),
  /** Account-wide detectors, each billed by what it looks at. */
  detectors: z
    .strictObject({
      guardDuty: z.boolean().default(false),
      securityHub: z.boolean().default(false),
      accessAnalyzer: z.boolean().default(false),
    })
    .default({ guardDuty: false, securityHub: false, accessAnalyzer: false }),
  gpuImage: gpuImageSchema.optional(),
});

export type PlatformConfig = z.infer<typeof platformSchema>;
export type SharedConfig = z.infer<typeof sharedSchema>;
export type ServiceConfig = z.infer<typeof service>;
