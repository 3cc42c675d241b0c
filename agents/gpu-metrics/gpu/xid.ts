/** What NVIDIA's catalogue asks for at once, in its words. */
export type XidAction =
  | "IGNORE"
  | "RESTART_APP"
  | "RESET_GPU"
  | "RESTART_BM"
  | "WORKFLOW_XID_48"
  | "WORKFLOW_NVLINK_ERR"
  | "XID_154";

/** One kind of XID, and what the agent does: replace the node, or count it and go on. */
export interface XidKind {
  readonly meaning: string;
  readonly action: XidAction;
  readonly answer: "replace" | "count";
}

const replace = (meaning: string, action: XidAction): XidKind => ({ meaning, action, answer: "replace" });
const count = (meaning: string, action: XidAction): XidKind => ({ meaning, action, answer: "count" });

/**
 * The XIDs that a data centre GPU of Ampere and later reports. What asks for a reset of the GPU or of the machine replaces the node: a
 * reset takes every stream with it, and Auto Scaling has another node in minutes. What a program causes, and what the driver has
 * contained, is counted; the engine that it took down is its supervisor's matter.
 * Source: NVIDIA XID catalogue (https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html), column "Resolution Bucket
 * (Immediate Action)". 63 is stricter here: a remap is complete only after a reset, which a spot node never gets otherwise.
 */
export const xidKinds: ReadonlyMap<number, XidKind> = new Map([
  [8, count("GPU stopped processing", "RESTART_APP")],
  [13, count("graphics engine exception", "RESTART_APP")],
  [31, count("memory page fault of a program", "RESTART_APP")],
  [32, count("invalid or corrupted push buffer", "RESTART_APP")],
  [43, count("a program's channel was reset", "RESTART_APP")],
  [45, count("a program's channels were cleaned up", "RESTART_APP")],
  [46, replace("GPU stopped processing", "RESET_GPU")],
  [48, replace("double-bit ECC error", "WORKFLOW_XID_48")],
  [62, replace("internal microcontroller halted", "RESET_GPU")],
  [63, replace("row remap recorded; the GPU needs a reset", "IGNORE")],
  [64, replace("row remap failed", "RESET_GPU")],
  [68, count("video processor exception", "RESTART_APP")],
  [69, count("graphics engine class error", "RESTART_APP")],
  [74, replace("NVLink error", "WORKFLOW_NVLINK_ERR")],
  [79, replace("GPU has fallen off the bus", "RESTART_BM")],
  [92, count("many corrected ECC errors", "IGNORE")],
  [94, replace("contained ECC error", "RESTART_APP")],
  [95, replace("uncontained ECC error", "RESET_GPU")],
  [109, replace("context switch timed out", "RESET_GPU")],
  [119, replace("GSP does not answer", "RESET_GPU")],
  [120, replace("GSP error", "RESET_GPU")],
  [140, replace("unrecovered ECC error", "RESET_GPU")],
  [143, replace("GPU could not be initialised", "RESET_GPU")],
  [154, replace("the driver asks for a recovery action", "XID_154")],
]);

/** XIDs after which an instance is to be replaced, with what they say. */
export const fatalXids: ReadonlyMap<number, string> = new Map(
  [...xidKinds].filter(([, { answer }]) => answer === "replace").map(([xid, { meaning }]) => [xid, meaning]),
);

export interface XidEvent {
  readonly xid: number;
  /** PCI address as the kernel prints it, for example `0000:00:1e`. */
  readonly pci: string;
  /** Of XID 154: the action that the driver now asks for, in its words, for example `Node Reboot Required`. */
  readonly recoveryAction?: string;
}

/** Reads the driver's line in the kernel log; undefined for every other line. */
export function parseXid(line: string): XidEvent | undefined {
  const match = /NVRM: Xid \(PCI:([0-9a-fA-F:.]+)\): (\d+)/.exec(line);
  if (match?.[1] === undefined) return undefined;
  const event = { pci: match[1], xid: Number(match[2]) };
  // "154, GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)"
  const action = event.xid === 154 ? / to 0x[0-9a-fA-F]+ \(([^)]+)\)/.exec(line)?.[1] : undefined;
  return action === undefined ? event : { ...event, recoveryAction: action };
}
