import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface PeftFixture {
  readonly name: string;
  readonly version?: string;
  readonly rank?: number;
  readonly pinned?: boolean;
  /** Folder below the root. @default derived from name and version */
  readonly folder?: string;
}

/** A folder of tiny PEFT adapters with a manifest, as the training side would publish it; the weights are zeros. */
export async function writePeftAdapters(
  root: string,
  baseModel: string,
  adapters: readonly PeftFixture[],
): Promise<void> {
  const entries = [];
  for (const { name, version = "1", rank = 8, pinned = false, folder = `${name}/${version}` } of adapters) {
    const config = Buffer.from(
      JSON.stringify({
        peft_type: "LORA",
        r: rank,
        lora_alpha: 16,
        target_modules: ["q_proj", "v_proj"],
        base_model_name_or_path: baseModel,
      }),
    );
    const weights = safetensors(rank);
    const files = [
      { path: `${folder}/adapter_config.json`, data: config },
      { path: `${folder}/adapter_model.safetensors`, data: weights },
    ];
    for (const { path, data } of files) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), data);
    }
    entries.push({
      name,
      version,
      rank,
      pinned,
      targetModules: ["q_proj", "v_proj"],
      files: files.map(({ path, data }) => ({
        path,
        bytes: data.length,
        sha256: createHash("sha256").update(data).digest("hex"),
      })),
    });
  }
  await mkdir(root, { recursive: true });
  await writeFile(
    join(root, "manifest.json"),
    JSON.stringify({ schema: 1, baseModel, format: "safetensors", adapters: entries }),
  );
}

function safetensors(rank: number): Buffer {
  const size = rank * 4 * 2;
  const header = Buffer.from(
    JSON.stringify({
      "base_model.model.layers.0.self_attn.q_proj.lora_A.weight": {
        dtype: "F16",
        shape: [rank, 4],
        data_offsets: [0, size],
      },
      "base_model.model.layers.0.self_attn.q_proj.lora_B.weight": {
        dtype: "F16",
        shape: [4, rank],
        data_offsets: [size, 2 * size],
      },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(2 * size)]);
}
