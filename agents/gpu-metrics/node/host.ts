import { networkInterfaces } from "node:os";

/** The node itself. A value that could not be read is absent. */
export interface HostMoment {
  /** Percent of all cores since the last look. */
  readonly cpu: number | undefined;
  /** Percent of memory that programs cannot have any more: total minus available. */
  readonly memory: number | undefined;
  /** Percent of the fullest local file system. */
  readonly disk: number | undefined;
  /** Bytes per second received and sent over all real interfaces, since the last look. */
  readonly network: number | undefined;
}

/** Devices that are files, memory or someone else's disk. */
const noDisk = /^(tmpfs|devtmpfs|overlay|squashfs|nfs|nfs4|fuse\..*|efivarfs|9p)$/;

/**
 * Looks at the node through systeminformation's asynchronous calls. The library is loaded with the first look, and the default
 * interface is never asked for, since finding it blocks the event loop.
 */
export async function readHost(): Promise<HostMoment> {
  const si = await import("systeminformation");
  const interfaces = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some((address) => !address.internal) === true)
    .map(([name]) => name);
  const [load, memory, disks, network] = await Promise.allSettled([
    si.currentLoad(),
    si.mem(),
    si.fsSize(),
    interfaces.length > 0 ? si.networkStats(interfaces.join(",")) : Promise.resolve([]),
  ]);
  const fullest = settled(disks)
    ?.filter((disk) => !noDisk.test(disk.type) && disk.size > 0)
    .map((disk) => disk.use);
  const rates = settled(network)?.map((one) => sum(one.rx_sec, one.tx_sec));
  const mem = settled(memory);
  return {
    cpu: percent(settled(load)?.currentLoad),
    memory: mem === undefined || mem.total <= 0 ? undefined : percent((100 * (mem.total - mem.available)) / mem.total),
    disk: fullest === undefined || fullest.length === 0 ? undefined : percent(Math.max(...fullest)),
    network: rates === undefined || rates.length === 0 || rates.includes(undefined) ? undefined : sum(...rates),
  };
}

function settled<T>(result: PromiseSettledResult<T>): T | undefined {
  return result.status === "fulfilled" ? result.value : undefined;
}

/** Undefined where any part is: the library gives null until it has looked twice. */
function sum(...parts: readonly (number | null | undefined)[]): number | undefined {
  let total = 0;
  for (const part of parts) {
    if (part === null || part === undefined || !Number.isFinite(part)) return undefined;
    total += part;
  }
  return total;
}

function percent(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.min(100, Math.max(0, value));
}
