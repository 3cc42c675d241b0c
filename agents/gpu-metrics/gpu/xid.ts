/**
 * XIDs after which an instance is to be replaced, with what they say.
 * Source: NVIDIA XID catalogue (https://docs.nvidia.com/deploy/xid-errors/).
 */
export const fatalXids: ReadonlyMap<number, string> = new Map([
  [48, "double-bit ECC error"],
  [63, "row remap recorded; the GPU needs a reset"],
  [64, "row remap failed"],
  [74, "NVLink error"],
  [79, "GPU has fallen off the bus"],
  [94, "contained ECC error"],
  [95, "uncontained ECC error"],
  [119, "GSP does not answer"],
  [120, "GSP error"],
]);

/** XIDs that a program on the GPU causes: they count as errors and say nothing of the hardware. */
export const applicationXids: ReadonlySet<number> = new Set([13, 31, 43, 45]);

export interface XidEvent {
  readonly xid: number;
  /** PCI address as the kernel prints it, for example `0000:00:1e`. */
  readonly pci: string;
}

/** Reads the driver's line in the kernel log; undefined for every other line. */
export function parseXid(line: string): XidEvent | undefined {
  const match = /NVRM: Xid \(PCI:([0-9a-fA-F:.]+)\): (\d+)/.exec(line);
  return match?.[1] === undefined ? undefined : { pci: match[1], xid: Number(match[2]) };
}
