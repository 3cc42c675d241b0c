/** How far a node is prepared before demand asks for it. */
export type Preparation =
  /** A stock AMI that installs its driver, engine and weights at boot; for comparison only. */
  | "stock"
  /** The image holds everything but the weights. */
  | "baked"
  /** Baked, booted once and stopped: no driver and disk set-up, but the NVMe disk has lost its weights. */
  | "warm-pool-stopped"
  /** Baked, booted, and the model is in GPU memory; paid for like a node in service. */
  | "warm-pool-running";

/** Seconds of one phase: when all goes well, as a rule, and when it does not. */
export interface BootPhase {
  readonly phase: string;
  readonly best: number;
  readonly typical: number;
  readonly worst: number;
}

export interface BootInput {
  readonly preparation: Preparation;
  /** Bytes of base weights to copy. */
  readonly weightBytes: number;
  /** Gigabits per second that the instance type sustains; it may burst to 10. */
  readonly networkGbps: number;
  /** True when the image holds a compile cache for this GPU and these engine settings. @default true */
  readonly compileCache?: boolean;
}

/**
 * MiB a second at which EC2 copies a new volume's blocks from their snapshot, 100 to 300. Source: EBS user guide, "Initialize Amazon
 * EBS volumes"; the price per GB is not in the price table.
 */
export const volumeInitializationMiB = 300;

/** Gigabits per second that every type used here may burst to for some minutes. Source: EC2 network bandwidth, G5. */
const burstGbps = 10;

type Times = readonly [best: number, typical: number, worst: number];

/**
 * Sources, where published: boot and driver, engine start with and without compile cache, image pull: vLLM on EKS and on plain
 * EC2 with an A10G or L40S (runai-model-streamer benchmarks; Tensorfuse cold starts). The rest is inferred and to be measured.
 */
const times = {
  boot: {
    stock: [60, 90, 150],
    baked: [60, 90, 150],
    "warm-pool-stopped": [25, 40, 60],
    "warm-pool-running": [0, 0, 0],
  },
  // 6 to 10 GiB of driver, CUDA and engine are read at a start; the rest of the volume follows behind.
  hydration: { provisioned: [5, 15, 30], read: [0, 0, 0] },
  install: [180, 300, 600],
  engine: { cached: [20, 60, 90], compiled: [60, 110, 150] },
  probe: [3, 5, 10],
  healthChecks: [10, 20, 20],
} as const satisfies Record<string, Times | Record<string, Times>>;

/** The phases between the launch of a node and its first request, in order. */
export function bootPhases({ preparation, weightBytes, networkGbps, compileCache = true }: BootInput): BootPhase[] {
  const phase = (name: string, [best, typical, worst]: Times): BootPhase => ({ phase: name, best, typical, worst });
  const inMemory = preparation === "warm-pool-running";
  const copy = (gbps: number) => Math.ceil((weightBytes * 8) / (gbps * 1e9));
  const copyTimes: Times = [copy(burstGbps), copy((burstGbps + networkGbps) / 2), copy(networkGbps)];
  return [
    phase("launch, boot, driver", times.boot[preparation]),
    phase(
      "blocks of the volume from its snapshot",
      preparation === "stock" || preparation === "baked" ? times.hydration.provisioned : times.hydration.read,
    ),
    phase("install driver and engine", preparation === "stock" ? times.install : [0, 0, 0]),
    phase("weights from S3 to NVMe", inMemory ? [0, 0, 0] : copyTimes),
    phase(
      "engine start",
      inMemory ? [0, 0, 0] : times.engine[compileCache && preparation !== "stock" ? "cached" : "compiled"],
    ),
    phase("probe and lifecycle hook", times.probe),
    phase("load balancer health checks", times.healthChecks),
  ];
}

/** The sum of all phases. */
export function bootToReady(input: BootInput): BootPhase {
  const phases = bootPhases(input);
  const sum = (key: "best" | "typical" | "worst") => phases.reduce((total, phase) => total + phase[key], 0);
  return { phase: "total", best: sum("best"), typical: sum("typical"), worst: sum("worst") };
}

/** Sustained gigabits per second by instance size. Source: EC2 user guide, accelerated computing, network bandwidth of G5 and G6. */
const baselineGbps: Readonly<Record<string, number>> = { xlarge: 2.5, "2xlarge": 5 };

/** Sustained network bandwidth of an instance type in Gb/s; every size above 2xlarge sustains at least the burst of the small ones. */
export function networkGbps(instanceType: string): number {
  return baselineGbps[instanceType.split(".")[1] ?? ""] ?? burstGbps;
}
