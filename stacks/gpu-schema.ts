import { z } from "zod";
import { autoScalingLimits } from "../catalog/auto-scaling";
import { metricPeriods } from "../contracts/metrics";

const { min: lowestPercentage, max: highestPercentage } = autoScalingLimits.onDemandPercentage;
const policy = z.strictObject({
  /** False leaves this policy out; its metric is still observed. @default true */
  enabled: z.boolean().optional(),
  target: z.number().positive().optional(),
  /** False takes this policy's vote for fewer nodes away. @default true */
  scaleIn: z.boolean().optional(),
});

/** One tier of GPU nodes. What is left out comes from catalog/gpu-tiers.ts and components/gpu-settings.ts. */
const tier = z.strictObject({
  /** Nodes at least; 0 lets the tier sleep until a request waits for it. */
  min: z.int().min(0).max(1000),
  /** Nodes at most. */
  max: z.int().min(0).max(1000),
  /** On-demand nodes before any spot node. @default 0 */
  onDemandBase: z.int().min(0).optional(),
  /** Percentage of on-demand nodes above the base. @default 100, no spot */
  onDemandPercentage: z.int().min(lowestPercentage).max(highestPercentage).optional(),
  /** In order of preference for on-demand. @default g5 and g6 of the tier's size */
  instanceTypes: z.array(z.string()).min(1).optional(),
  /** Encrypted gp3 root volume, GB. @default 100 Gold, 150 Silver */
  diskGb: z.int().min(60).max(2000).optional(),
  /** Seconds between two points of the scaling metrics. @default 10 */
  metricPeriod: z.literal(metricPeriods).optional(),
  /** Seconds in which a node new in service is not judged. @default 300 */
  warmupSeconds: z.int().min(0).max(3600).optional(),
  /** Seconds that a launch waits for the model to answer. @default 900 */
  readyTimeoutSeconds: z.int().min(30).max(7200).optional(),
  /** Demand over nodes: requests a minute and node that the tier is sized for, and when it shrinks. @default none */
  demand: z
    .strictObject({
      /** @default true */
      enabled: z.boolean().optional(),
      target: z.number().positive(),
      /** Room for chance: nodes per square root of requests a second. @default 1 */
      spread: z.number().min(0).max(10).optional(),
      /** Percent of the target, measured on one node less. @default 95 */
      scaleInBelow: z.number().min(10).max(99).optional(),
      /** @default 3 */
      scaleInMinutes: z.int().min(1).max(60).optional(),
    })
    .optional(),
  /** Percent. @default 70 */
  gpuUtilization: policy.optional(),
  /** Percent of the KV cache. @default 75 */
  memoryPressure: policy.optional(),
  /** Requests waiting on each node. @default 4 */
  queueDepth: policy.optional(),
  /** Requests a minute and node, counted by the load balancer; no default, since it is a matter of the model. @default none */
  requestRate: policy.extend({ target: z.number().positive() }).optional(),
  /** Step policy from zero to one node. @default true where the group may be at zero */
  wakeFromZero: z.boolean().optional(),
  /** Nodes prepared ahead; not with spot. @default none */
  warmPool: z
    .strictObject({
      state: z.enum(["stopped", "running"]),
      minSize: z.int().min(0).optional(),
      maxPrepared: z.int().min(0).optional(),
      reuseOnScaleIn: z.boolean().optional(),
    })
    .optional(),
  /** A forecast from the last 14 days, hour by hour; only ever adds nodes. @default none */
  predictive: z
    .strictObject({
      mode: z.enum(["forecast-only", "forecast-and-scale"]),
      requestsPerNode: z.number().positive(),
      bufferSeconds: z.int().min(0).max(3600),
    })
    .optional(),
  /** Bounds by the clock. @default none */
  scheduled: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "lower-case letters, digits and hyphens, at most 41"),
        recurrence: z.string().regex(/^\S+( \S+){4}$/, "a cron expression of five fields"),
        timeZone: z.string().min(1),
        min: z.int().min(0).optional(),
        max: z.int().min(0).optional(),
      }),
    )
    .optional(),
  /** What the nodes serve. @default catalog/gpu-tiers.ts */
  engine: z
    .strictObject({
      model: z.string().optional(),
      contextTokens: z.int().positive().optional(),
      memoryUtilization: z.number().min(0.1).max(0.98).optional(),
      minConcurrent: z.int().positive().optional(),
      maxSequences: z.int().positive().optional(),
      adapterCount: z.int().min(0).optional(),
      adapterRank: z.int().positive().optional(),
    })
    .optional(),
});

/** The GPU nodes of an environment; a tier that is left out is not declared. */
export const gpuSchema = z.strictObject({
  /** vCPU of the G and VT family as granted to the account: quotas L-DB2E81BA and L-3819A6DF. @default not compared */
  quotas: z.strictObject({ onDemandVcpus: z.int().min(0), spotVcpus: z.int().min(0) }).optional(),
  /** Days that node logs are kept. @default 30 */
  logDays: z.int().positive().optional(),
  gold: tier.optional(),
  silver: tier.optional(),
});

export type GpuConfig = z.infer<typeof gpuSchema>;

/** The UE5 build machine. */
export const ue5BuilderSchema = z.strictObject({
  /** @default c5.4xlarge */
  instanceType: z.string().optional(),
  /** Encrypted gp3 disk, GB. @default 200 */
  diskGb: z.int().min(50).max(2000).optional(),
  /** Idle minutes before the machine is stopped; a multiple of 5. @default 120 */
  idleMinutes: z.int().min(15).max(1440).multipleOf(5).optional(),
});

/** The pipeline that builds the GPU nodes' image. */
export const gpuImageSchema = z.strictObject({
  /** AMI of the Deep Learning Base image to build on, pinned. @default what AWS's own parameter says at deploy time */
  baseImage: z
    .string()
    .regex(/^ami-[0-9a-f]{8,17}$/, "an AMI id such as ami-0123456789abcdef0")
    .optional(),
  /** AMI of our own that environments boot: the build that dev has proved. @default none; groups then launch nothing */
  release: z
    .string()
    .regex(/^ami-[0-9a-f]{8,17}$/, "an AMI id such as ami-0123456789abcdef0")
    .optional(),
  /** First number of every version; raise it to build content again that was built before. @default 1 */
  revision: z.int().min(1).max(1_000_000).optional(),
  /** True once NVIDIA's licence of DCGM's profiling module has been accepted. @default false */
  profiling: z.boolean().optional(),
  /** Subnet that builds run in, with a way out to the internet. @default the account's default VPC */
  subnetId: z
    .string()
    .regex(/^subnet-[0-9a-f]{8,17}$/, "a subnet id")
    .optional(),
});
export type GpuImageConfig = z.infer<typeof gpuImageSchema>;
