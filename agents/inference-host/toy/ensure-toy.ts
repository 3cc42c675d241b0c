import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { adapterNamesOf, productRegistry } from "../../../contracts/archetypes";
import { toyModel, toyRank } from "./toy-model";

/** Name under which the toy base model is served. */
export const toyModelName = "toy";

export interface ToyFiles {
  /** Absolute path of the base model. */
  readonly modelPath: string;
  /** Folder with `manifest.json` and the adapters. */
  readonly adapters: string;
}

/**
 * Makes the toy model and its adapters where they are missing. The folder appears whole or not at all, so that two
 * processes may do this at once.
 * @param folder Where they go; git-ignored, about 10 MB. @default `.platform/toy`
 * @param names Adapters to make. @default those of the product's archetypes
 */
export async function ensureToy(
  folder = join(process.cwd(), ".platform", "toy"),
  names: readonly string[] = adapterNamesOf(productRegistry),
): Promise<ToyFiles> {
  const toy = toyModel(names);
  const { base } = toy;
  const adapters = [...toy.adapters].map(([name, bytes]) => ({ name, file: `${name.replace("/", ".")}.gguf`, bytes }));
  const manifest = `${JSON.stringify(
    {
      schema: 1,
      baseModel: toyModelName,
      format: "gguf",
      adapters: adapters.map(({ name, file, bytes }) => ({
        name,
        version: "toy-1",
        rank: toyRank,
        targetModules: ["down_proj"],
        files: [{ path: file, bytes: bytes.length, sha256: sha256(bytes) }],
      })),
    },
    undefined,
    2,
  )}\n`;
  const version = sha256(Buffer.concat([base, Buffer.from(manifest)])).slice(0, 16);
  const target = resolve(folder, version);
  const files = { modelPath: join(target, "toy-base.gguf"), adapters: target };
  if ((await readFile(join(target, "manifest.json"), "utf8").catch(() => "")) === manifest) return files;

  const draft = `${target}.${process.pid}.${Date.now()}`;
  await mkdir(draft, { recursive: true });
  await writeFile(join(draft, "toy-base.gguf"), base);
  for (const { file, bytes } of adapters) await writeFile(join(draft, file), bytes);
  await writeFile(join(draft, "manifest.json"), manifest);
  await mkdir(dirname(target), { recursive: true });
  await rename(draft, target).catch(async (error) => {
    await rm(draft, { recursive: true, force: true });
    // Another process was first; what it made is the same.
    if ((await readFile(join(target, "manifest.json"), "utf8").catch(() => "")) !== manifest) throw error;
  });
  return files;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
