/** A block of IPv4 addresses. `address` is as written and need not be the first of the block. */
export interface Block {
  readonly address: number;
  readonly bits: number;
}

/** Reads `10.0.0.0/16`. @throws Error on anything else. */
export function parseBlock(cidr: string): Block {
  const [, a, b, c, d, bits] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)?.map(Number) ?? [];
  const parts = [a, b, c, d];
  if (bits === undefined || bits > 32 || parts.some((part) => part === undefined || part > 255)) {
    throw new Error(`${JSON.stringify(cidr)} is not an IPv4 address range such as 10.0.0.0/16`);
  }
  return { address: parts.reduce<number>((sum, part) => sum * 256 + part!, 0), bits };
}

export function formatBlock({ address, bits }: Block): string {
  return `${formatAddress(address)}/${bits}`;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Number of addresses. */
export function size({ bits }: Block): number {
  return 2 ** (32 - bits);
}

export function first(block: Block): number {
  return block.address - (block.address % size(block));
}

export function last(block: Block): number {
  return first(block) + size(block) - 1;
}

export function overlap(a: Block, b: Block): boolean {
  return first(a) <= last(b) && first(b) <= last(a);
}

/** The first aligned block of `bits` that begins after `previous` ends. */
export function nextAligned(previous: Block, bits: number): Block {
  return { address: last({ address: last(previous), bits }) + 1, bits };
}

/** How many bits tell `count` things apart. */
export function bitsFor(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count));
}
