import { readFile } from "node:fs/promises";
import { z } from "zod";
import {
  type ArchetypeManifest,
  layRegistry,
  parseRegistry,
  type Registry,
  type RegistryDocument,
} from "../../contracts/archetypes";
import { chainSchema, manifestName } from "../../contracts/chains";
import { InputError } from "../../contracts/input-error";
import { wrongProperty } from "../../contracts/wrong-property";
import type { AdapterManifest } from "./adapters/manifest";
import { openS3, parseS3Url } from "./adapters/s3";

/** How a registry document stands in a variable; the stack writes it so into the settings of its nodes. */
const inline = "base64:";

/**
 * Reads what is laid over the product's archetypes and chains.
 * @param source A JSON file, `s3://bucket/path/archetypes.json`, or `base64:` and the document.
 * @throws InputError that names the property
 */
export async function readRegistry(source: string | undefined): Promise<RegistryDocument | undefined> {
  if (source === undefined) return undefined;
  if (source.startsWith(inline)) {
    return parseRegistry(Buffer.from(source.slice(inline.length), "base64").toString("utf8"), "--archetypes");
  }
  if (source.startsWith("s3://")) {
    const cut = source.lastIndexOf("/");
    const s3 = await openS3(parseS3Url(source.slice(0, cut), "--archetypes"));
    return parseRegistry(await s3.text(source.slice(cut + 1)), source);
  }
  const text = await readFile(source, "utf8").catch(() => {
    throw new InputError({
      path: "archetypes",
      given: source,
      allowed: "a JSON file that can be read",
      where: "--archetypes",
    });
  });
  return parseRegistry(text, source);
}

const chainFile = z.strictObject({ chains: z.array(chainSchema).max(64) });

/** Reads chains that stand in the place of all others. @throws InputError that names the property */
export async function readChains(file: string | undefined): Promise<Registry["chains"] | undefined> {
  if (file === undefined) return undefined;
  const wrong = (given: string, allowed: string) =>
    new InputError({ path: "chains", given, allowed, where: "--chains" });
  const text = await readFile(file, "utf8").catch(() => {
    throw wrong(file, "a JSON file that can be read");
  });
  try {
    return parseChains(JSON.parse(text), file);
  } catch (error) {
    throw error instanceof SyntaxError ? wrong(file, "a file with valid JSON") : error;
  }
}

/** Checks a file of chains. @param where The file, for the message. @throws InputError that names the property */
export function parseChains(value: unknown, where: string): Registry["chains"] {
  const parsed = chainFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrongProperty(issue.path.length === 0 ? "registry" : "", value, issue, where);
  }
  const chains = new Map<string, Registry["chains"] extends ReadonlyMap<string, infer Value> ? Value : never>();
  for (const [index, chain] of parsed.data.chains.entries()) {
    if (chains.has(chain.name)) {
      const path = `chains.${index}.name`;
      throw new InputError({ path, given: chain.name, allowed: "a name that is not taken", where });
    }
    chains.set(chain.name, chain);
  }
  return chains;
}

/** The archetypes that a manifest brings: those it describes, and whoever else has adapters in it. */
export function archetypesOf(manifest: AdapterManifest, known: ReadonlyMap<string, unknown>): ArchetypeManifest[] {
  const tasks = new Map<string, string[]>();
  for (const { name } of manifest.adapters) {
    const [archetype = "", task = "", more] = name.split("/");
    if (more !== undefined || !isName(archetype) || !isName(task)) continue;
    tasks.set(archetype, [...(tasks.get(archetype) ?? []), task]);
  }
  const adaptersOf = (name: string) => ({ adapters: { tasks: tasks.get(name) ?? [], rank: 32 } });
  const described = manifest.archetypes.map((each) => ({ ...adaptersOf(each.name), ...each }));
  const others = [...tasks.keys()].filter((name) => !known.has(name) && !described.some((each) => each.name === name));
  return [...described, ...others.map((name) => ({ name, ...adaptersOf(name) }))];
}

const isName = (text: string): boolean => manifestName.safeParse(text).success;

/**
 * Archetypes and chains of a node: the product's, those laid over them, and those that the manifest of the model bucket brings, as it
 * is now.
 */
export function servedRegistry(
  own: RegistryDocument | undefined,
  chains: Registry["chains"] | undefined,
  manifest: () => AdapterManifest | undefined,
): () => Registry {
  const base = layRegistry(...(own === undefined ? [] : [own]));
  let seen: AdapterManifest | undefined;
  let registry: Registry = { ...base, chains: chains ?? base.chains };
  return () => {
    const now = manifest();
    if (now === seen) return registry;
    seen = now;
    const laid =
      now === undefined
        ? base
        : layRegistry(...(own === undefined ? [] : [own]), {
            archetypes: archetypesOf(now, base.archetypes),
            chains: now.chains,
          });
    registry = { ...laid, chains: chains ?? laid.chains };
    return registry;
  };
}
