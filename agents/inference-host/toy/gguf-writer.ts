/** A value of GGUF metadata; the wrapper says which GGUF type it gets. */
export type GgufValue =
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "u32"; readonly value: number }
  | { readonly type: "f32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "f32s"; readonly value: readonly number[] }
  | { readonly type: "i32s"; readonly value: readonly number[] };

/** A matrix or vector of 32-bit floats. `shape` is in GGUF order: the contiguous dimension first. */
export interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const alignment = 32;
const typeIds = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** Encodes a GGUF version 3 file (little endian, F32 tensors), the format llama.cpp reads models and adapters from. */
export function encodeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer {
  const entries = Object.entries(metadata);
  const parts: Buffer[] = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) parts.push(text(key), ...encodeValue(value));

  let offset = 0;
  for (const { name, shape, data } of tensors) {
    parts.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset));
    offset = align(offset + data.byteLength);
  }
  const head = Buffer.concat(parts);
  const body = tensors.map(({ data }) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)]);
  });
  return Buffer.concat([head, Buffer.alloc(align(head.length) - head.length), ...body]);
}

function encodeValue(value: GgufValue): Buffer[] {
  switch (value.type) {
    case "string":
      return [u32(typeIds.string), text(value.value)];
    case "u32":
      return [u32(typeIds.u32), u32(value.value)];
    case "f32":
      return [u32(typeIds.f32), f32(value.value)];
    case "bool":
      return [u32(typeIds.bool), Buffer.from([value.value ? 1 : 0])];
    case "strings":
      return [...arrayHead(typeIds.string, value.value.length), ...value.value.map(text)];
    case "f32s":
      return [...arrayHead(typeIds.f32, value.value.length), ...value.value.map(f32)];
    case "i32s":
      return [...arrayHead(typeIds.i32, value.value.length), ...value.value.map(u32)];
  }
}

function arrayHead(type: number, length: number): Buffer[] {
  return [u32(typeIds.array), u32(type), u64(length)];
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function align(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}
