import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A TCP socket that waits for connections. */
export interface ListeningSocket {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

/** `LISTEN` in the tables of the kernel. */
const listenState = "0A";

/** Whether the system shows the sockets of processes, as Linux does. */
export function showsSockets(): boolean {
  return process.platform === "linux";
}

/**
 * Every TCP socket at which one of the processes listens. A process that has ended meanwhile has none.
 * @throws Error where a process of another user does not show its own
 */
export function listeningSockets(pids: readonly number[]): ListeningSocket[] {
  return pids.flatMap((pid) => {
    const inodes = new Set(socketInodes(pid));
    return ["tcp", "tcp6"]
      .flatMap((table) => readTable(`/proc/${pid}/net/${table}`))
      .filter(({ inode }) => inodes.has(inode))
      .map(({ address, port }) => ({ pid, address, port }));
  });
}

/** True for an address that only this machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return /^127\./.test(address) || address === "0:0:0:0:0:0:0:1" || /^0:0:0:0:0:ffff:7f/.test(address);
}

/** The listening sockets in the text of `/proc/net/tcp` or `tcp6`. */
export function parseTable(text: string): { address: string; port: number; inode: string }[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === listenState)
    .map((fields) => {
      const [host = "", port = ""] = (fields[1] ?? "").split(":");
      return { address: readAddress(host), port: Number.parseInt(port, 16), inode: fields[9] ?? "" };
    });
}

/** The kernel writes an address as words of 32 bits, each with its bytes in the order of the processor. */
function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const pairs = (word.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
    return littleEndian ? pairs.reverse() : pairs;
  });
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (bytes[2 * at]! << 8) | bytes[2 * at + 1]!);
  return groups.map((group) => group.toString(16)).join(":");
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function readTable(file: string): ReturnType<typeof parseTable> {
  return parseTable(unlessGone(() => readFileSync(file, "utf8")) ?? "");
}

function socketInodes(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return (unlessGone(() => readdirSync(folder)) ?? []).flatMap((fd) => {
    const target = unlessGone(() => readlinkSync(`${folder}/${fd}`)) ?? "";
    return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
  });
}

/** What was read, undefined where the process or its file has gone. */
function unlessGone<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
