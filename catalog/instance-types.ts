import { gpuMemoryMiB } from "./gpu-memory";

/** GPUs of the instance types below, with the memory of one GPU in MiB as `DescribeInstanceTypes` reports it (decimal gigabytes). */
export const gpuModels = {
  A10G: { memoryMiB: gpuMemoryMiB.A10G, computeCapability: "8.6" },
  L4: { memoryMiB: 22_888, computeCapability: "8.9" },
  L40S: { memoryMiB: 45_776, computeCapability: "8.9" },
} as const;
export type GpuModel = keyof typeof gpuModels;

/** What a node of an instance type has. */
export interface InstanceType {
  readonly vcpus: number;
  readonly memoryGiB: number;
  /** @default none */
  readonly gpu?: { readonly model: GpuModel; readonly count: number };
  /** Instance store in GB; empty after every stop. @default none */
  readonly nvmeGb?: number;
}

const node = (vcpus: number, memoryGiB: number, model: GpuModel, count: number, nvmeGb: number): InstanceType => ({
  vcpus,
  memoryGiB,
  gpu: { model, count },
  nvmeGb,
});

/**
 * Instance types that this platform may launch. Sources: the EC2 user guide, "Accelerated computing instances" and "Compute
 * optimized instances" (vCPU, memory, GPUs, instance store); karpenter-provider-aws, "Instance Types" reference.
 */
export const instanceTypes = {
  "g5.xlarge": node(4, 16, "A10G", 1, 250),
  "g5.2xlarge": node(8, 32, "A10G", 1, 450),
  "g5.4xlarge": node(16, 64, "A10G", 1, 600),
  "g5.8xlarge": node(32, 128, "A10G", 1, 900),
  "g5.12xlarge": node(48, 192, "A10G", 4, 3800),
  "g5.16xlarge": node(64, 256, "A10G", 1, 1900),
  "g5.24xlarge": node(96, 384, "A10G", 4, 3800),
  "g5.48xlarge": node(192, 768, "A10G", 8, 7600),
  "g6.xlarge": node(4, 16, "L4", 1, 250),
  "g6.2xlarge": node(8, 32, "L4", 1, 450),
  "g6.4xlarge": node(16, 64, "L4", 1, 600),
  "g6.8xlarge": node(32, 128, "L4", 1, 900),
  "g6.12xlarge": node(48, 192, "L4", 4, 3760),
  "g6.16xlarge": node(64, 256, "L4", 1, 1880),
  "g6.24xlarge": node(96, 384, "L4", 4, 3760),
  "g6.48xlarge": node(192, 768, "L4", 8, 7520),
  "g6e.xlarge": node(4, 32, "L40S", 1, 250),
  "g6e.2xlarge": node(8, 64, "L40S", 1, 450),
  "g6e.4xlarge": node(16, 128, "L40S", 1, 600),
  "g6e.8xlarge": node(32, 256, "L40S", 1, 900),
  "c5.xlarge": { vcpus: 4, memoryGiB: 8 },
  "c5.2xlarge": { vcpus: 8, memoryGiB: 16 },
  "c5.4xlarge": { vcpus: 16, memoryGiB: 32 },
  "c5.9xlarge": { vcpus: 36, memoryGiB: 72 },
} as const satisfies Record<string, InstanceType>;
export type InstanceTypeName = keyof typeof instanceTypes;

/** An instance type by its name; undefined when the table does not list it. */
export function findInstanceType(name: string): InstanceType | undefined {
  const table: Readonly<Record<string, InstanceType>> = instanceTypes;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Names of the types with exactly one GPU: what a tier may boot, since one engine serves one GPU. */
export const singleGpuTypes: readonly string[] = Object.entries<InstanceType>(instanceTypes)
  .filter(([, { gpu }]) => gpu?.count === 1)
  .map(([name]) => name);

/**
 * Service Quotas codes that limit GPU nodes, both counted in vCPU over the whole G and VT family and both 0 in a new account.
 * Source: Service Quotas console, Amazon EC2.
 */
export const gpuQuotaCodes = { onDemand: "L-DB2E81BA", spot: "L-3819A6DF" } as const;
