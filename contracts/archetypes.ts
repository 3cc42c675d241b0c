import { z } from "zod";
import { chainSchema, manifestName } from "./chains";
import product from "./default-archetypes.json";
import { InputError } from "./input-error";
import { emotionSchema } from "./turns";
import { wrongProperty } from "./wrong-property";

// Archetypes, tasks and chains are data: one manifest is an archetype. The product's five stand in default-archetypes.json; a studio
// lays its own over them in the stack's config or in the manifest of the model bucket (docs/archetypes.md).

/** LoRA adapters that are trained for the archetype, one per task. */
const adapters = z.strictObject({
  /** Tasks with an adapter `archetype/task`; every other task is the base model's. */
  tasks: z.array(manifestName).max(32),
  /** Largest rank among them. @default 32 */
  rank: z.int().min(1).max(256).default(32),
});

/** Who it is, for prompts, and what it says where no model answers in time. */
const persona = z.strictObject({
  /** One or two sentences, the first words of every prompt. */
  summary: z.string().min(1).max(600),
  /** What it feels when no model says. */
  emotion: emotionSchema.default({ label: "neutral", intensity: 0.3, secondary: null }),
  /** Short lines that are said at once while a long answer is made. @default none */
  barks: z.array(z.string().min(1).max(120)).max(16).default([]),
});

/** Settings of the voice and the face: their services check them. */
const settings = z.record(z.string().max(64), z.json());

/**
 * What a section is where a manifest leaves it out, by the name under which a manifest may also ask for it: the base model without
 * adapters, a stranger, a neutral voice, a plain face.
 */
export const namedSections = {
  adapters: { base: { tasks: [], rank: 8 } },
  persona: {
    stranger: {
      summary: "Somebody of this world, of whom little is known.",
      emotion: { label: "neutral", intensity: 0.3, secondary: null },
      barks: ["Hm?", "Yes?", "A moment."],
    },
  },
  voice: { neutral: {} },
  face: { plain: {} },
} as const;
type Section = keyof typeof namedSections;
const sections = Object.keys(namedSections) as readonly Section[];

/** A section in full, or the name of one. */
function section<Own extends z.ZodType>(key: Section, own: Own) {
  const names = Object.keys(namedSections[key]);
  return z.union([z.enum(names), own], `${names.join(", ")}, or the section's own settings`).optional();
}

/** The sections of a manifest; each may be left out. */
const manifestSections = {
  /** @default base */
  adapters: section("adapters", adapters),
  /** @default stranger */
  persona: section("persona", persona),
  /** @default neutral */
  voice: section("voice", settings),
  /** @default plain */
  face: section("face", settings),
} as const;

/** A manifest under its name, as the stack's config has it. */
export const namedArchetypeSchema = z.strictObject(manifestSections);
/** One manifest: an archetype. */
export const archetypeSchema = z.strictObject({ name: manifestName, ...manifestSections });
export type ArchetypeManifest = z.output<typeof archetypeSchema>;

/** What is laid over the product's archetypes and chains. */
export const registrySchema = z.strictObject({
  schema: z.literal(1),
  /** Archetypes of the product that are left out. */
  without: z.array(manifestName).default([]),
  archetypes: z.array(archetypeSchema).max(64).default([]),
  chains: z.array(chainSchema).max(64).default([]),
});
export type RegistryDocument = z.output<typeof registrySchema>;

/** An archetype with every section filled in. */
export interface Archetype {
  readonly name: string;
  readonly adapters: z.output<typeof adapters>;
  readonly persona: z.output<typeof persona>;
  readonly voice: z.output<typeof settings>;
  readonly face: z.output<typeof settings>;
  /** Sections that are a named one, and which. */
  readonly named: Readonly<Partial<Record<Section, string>>>;
}

/** Fills in what a manifest leaves out. */
export function resolveArchetype(manifest: ArchetypeManifest): Archetype {
  const named: Partial<Record<Section, string>> = {};
  const filled = sections.map((key) => {
    const given = manifest[key] ?? Object.keys(namedSections[key])[0]!;
    if (typeof given !== "string") return [key, given];
    named[key] = given;
    return [key, (namedSections[key] as Readonly<Record<string, unknown>>)[given]];
  });
  return { name: manifest.name, ...Object.fromEntries(filled), named } as Archetype;
}

const productData = z
  .strictObject({ archetypes: z.array(archetypeSchema), chains: z.array(chainSchema) })
  .parse(product);

/** Archetypes and chains by name. */
export interface Registry {
  readonly archetypes: ReadonlyMap<string, Archetype>;
  readonly chains: ReadonlyMap<string, z.output<typeof chainSchema>>;
}

/** The product's archetypes and chains, with documents laid over them, later ones over earlier ones. */
export function layRegistry(...documents: readonly Partial<RegistryDocument>[]): Registry {
  const archetypes = new Map(productData.archetypes.map((each) => [each.name, resolveArchetype(each)]));
  const chains = new Map(productData.chains.map((each) => [each.name, each]));
  for (const { without = [], archetypes: more = [], chains: moreChains = [] } of documents) {
    for (const left of without) archetypes.delete(left);
    for (const each of more) archetypes.set(each.name, resolveArchetype(each));
    for (const each of moreChains) chains.set(each.name, each);
  }
  return { archetypes, chains };
}

/** The product's own archetypes and chains. */
export const productRegistry = layRegistry();

/** Names of all adapters, archetype by archetype: `vampire/dialogue_style`. */
export function adapterNamesOf({ archetypes }: Pick<Registry, "archetypes">): string[] {
  return [...archetypes.values()].flatMap(({ name: archetype, adapters: { tasks } }) =>
    tasks.map((task) => `${archetype}/${task}`),
  );
}

/** How many adapters a registry has, and the largest rank among them: what decides the slots of a node. */
export function adapterDemand({ archetypes }: Pick<Registry, "archetypes">): {
  readonly count: number;
  readonly rank: number;
} {
  const having = [...archetypes.values()].filter(({ adapters: { tasks } }) => tasks.length > 0);
  return {
    count: having.reduce((sum, { adapters: { tasks } }) => sum + tasks.length, 0),
    rank: Math.max(1, ...having.map(({ adapters: { rank } }) => rank)),
  };
}

/**
 * Reads a registry document.
 * @param where The file or variable that it came from, for the message.
 * @throws InputError that names the property
 */
export function parseRegistry(text: string, where: string): RegistryDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError({ path: "registry", given: reason, allowed: "a JSON object", where });
  }
  return checkRegistry(value, where);
}

/** Checks a registry document that is read already. @throws InputError that names the property */
export function checkRegistry(value: unknown, where: string): RegistryDocument {
  const parsed = registrySchema.safeParse(value);
  if (!parsed.success) throw wrongProperty("registry", value, parsed.error.issues[0]!, where);
  for (const key of ["archetypes", "chains"] as const) {
    const names = parsed.data[key].map((each) => each.name);
    const twice = names.findIndex((each, index) => names.indexOf(each) !== index);
    if (twice < 0) continue;
    const path = `registry.${key}.${twice}.name`;
    throw new InputError({ path, given: names[twice], allowed: "a name that is not taken", where });
  }
  return parsed.data;
}

/** The two tiers of GPU nodes. Gold holds the smallest, fastest model; Silver the larger one. */
export const gpuTiers = ["gold", "silver"] as const;
export type GpuTier = (typeof gpuTiers)[number];
