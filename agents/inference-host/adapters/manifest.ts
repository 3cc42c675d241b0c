import { z } from "zod";
import { loraModules } from "../../../catalog/gpu-models";
import { archetypeSchema } from "../../../contracts/archetypes";
import { chainSchema } from "../../../contracts/chains";
import { InputError } from "../../../contracts/input-error";
import { wrongProperty } from "../../../contracts/wrong-property";

/** `vampire/dialogue_style`, or a name of one to three such parts; never anything that could be a path elsewhere. */
export const adapterNamePattern = /^[a-z0-9][a-z0-9_-]{0,63}(\/[a-z0-9][a-z0-9_-]{0,63}){0,2}$/;
const filePathPattern = /^(?!\.)[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/(?!\.)[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/;

const file = z.strictObject({
  /** Relative to the manifest's folder or prefix. */
  path: z.string().max(512).regex(filePathPattern, "a relative path without . or .. parts"),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
});

const adapter = z.strictObject({
  name: z
    .string()
    .regex(adapterNamePattern, "such as vampire/dialogue_style")
    .refine((name) => name.split("/")[1] !== "chain", "another second part than chain, which names chains"),
  /** Whatever names this build of the adapter; another version of the same name is swapped in without a restart. */
  version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "letters, digits, . _ -"),
  rank: z.int().min(1).max(512),
  targetModules: z.array(z.enum(loraModules)).min(1),
  files: z.array(file).min(1).max(8),
  /** Pinned adapters are loaded first and never evicted. */
  pinned: z.boolean().default(false),
});

const manifest = z
  .strictObject({
    schema: z.literal(1),
    baseModel: z.string().min(1),
    format: z.enum(["safetensors", "gguf"]),
    adapters: z.array(adapter),
    /** Archetypes that the adapters are for; one that is not described here is a stranger with a plain face. */
    archetypes: z.array(archetypeSchema).max(64).default([]),
    chains: z.array(chainSchema).max(64).default([]),
    /** The base model's own files, for nodes that fetch them at boot. */
    weights: z.array(file).optional(),
  })
  .superRefine(({ adapters }, context) => {
    const seen = new Set<string>();
    adapters.forEach(({ name }, index) => {
      if (seen.has(name))
        context.addIssue({ code: "custom", path: ["adapters", index, "name"], message: `${name} is there twice` });
      seen.add(name);
    });
  });

export type AdapterManifest = z.output<typeof manifest>;
export type AdapterEntry = AdapterManifest["adapters"][number];
export type ManifestFile = AdapterEntry["files"][number];

/**
 * Reads a manifest: which adapters exist for a base model, with rank, target modules, size and checksum of every file.
 * @param where The file or S3 address it came from, for the message.
 * @throws InputError that names the property
 */
export function parseManifest(text: string, where: string): AdapterManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError({ path: "manifest", given: reason, allowed: "a JSON object", where });
  }
  const parsed = manifest.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrongProperty("manifest", value, parsed.error.issues[0]!, where);
}

/** The name of one version inside the engine, where two versions of an adapter may live side by side. */
export function engineNameOf({ name, version }: AdapterEntry): string {
  return `${name}@${version}`;
}

/** Bytes of all files of an adapter: what loading it costs. */
export function sizeOf({ files }: AdapterEntry): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
