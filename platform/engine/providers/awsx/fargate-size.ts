/**
 * The sizes that awsx chooses from, in vCPU and GB. They are finer than what AWS offers from 8 vCPU on, where memory goes in steps
 * of 4 and 8 GB (`catalog/fargate.ts`); a size that awsx gets wrong is wrong here too, so that limits can find it.
 */
const sizes: readonly (readonly [cpu: number, memory: readonly number[]])[] = [
  [0.25, [0.5, 1, 2]],
  [0.5, range(1, 4)],
  [1, range(2, 8)],
  [2, range(4, 16)],
  [4, range(8, 30)],
  [8, range(16, 60)],
  [16, range(32, 120)],
  [32, [60, 120, 244]],
];

export interface ContainerSize {
  /** CPU units: 1024 are a vCPU. */
  readonly cpu?: number;
  /** MiB. */
  readonly memory?: number;
  /** MiB; wins over `memory`. */
  readonly memoryReservation?: number;
}

/** The size of a task that awsx chooses for its containers: the least memory that is enough, then the least CPU. */
export function fargateSize(containers: readonly ContainerSize[]): { readonly cpu: string; readonly memory: string } {
  const cpu = sum(containers.map((container) => container.cpu || 0)) / 1024;
  const memory = sum(containers.map((container) => container.memoryReservation || container.memory || 0)) / 1024;
  const fitting = sizes
    .filter(([vcpu]) => vcpu >= cpu)
    .flatMap(([vcpu, memories]) => memories.filter((gb) => gb >= memory).map((gb) => ({ vcpu, gb })))
    .sort((a, b) => a.gb - b.gb || a.vcpu - b.vcpu);
  const [chosen] = fitting;
  if (chosen === undefined) {
    throw new Error(
      `containers: ${cpu} vCPU and ${memory} GB are more than Fargate has; allowed: up to 32 vCPU and 244 GB`,
    );
  }
  return { cpu: String(chosen.vcpu * 1024), memory: String(chosen.gb * 1024) };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
