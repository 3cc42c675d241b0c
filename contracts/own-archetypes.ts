import { z } from "zod";
import { checkRegistry, namedArchetypeSchema, productRegistry, type RegistryDocument } from "./archetypes";
import { chainSchema, manifestName } from "./chains";
import { InputError } from "./input-error";

/** What a stack's config says of archetypes: manifests by name, or `false` for one of the product's that is left out. */
export const ownArchetypesSchema = z.record(
  manifestName,
  z.union([z.literal(false), namedArchetypeSchema], "false, or the sections of a manifest"),
);
/** Chains of a stack's own. */
export const ownChainsSchema = z.array(chainSchema).max(64);

/** The two keys of a stack's config. */
export interface OwnArchetypes {
  readonly archetypes?: z.output<typeof ownArchetypesSchema>;
  readonly chains?: z.output<typeof ownChainsSchema>;
}

/**
 * Bytes of JSON that a stack may lay over the product's archetypes: user data holds 16 KB, base64 takes a third more, and the node's
 * other settings have to fit beside it. Longer personas go into the manifest of the model bucket.
 */
const mostBytes = 6_000;

/**
 * The archetypes and chains that a stack's config lays over the product's; undefined where it has none.
 * @throws InputError for a name that is left out and not there, and for more than a node's user data can hold
 */
export function ownRegistry(
  { archetypes = {}, chains = [] }: OwnArchetypes,
  stack: string,
): RegistryDocument | undefined {
  const where = (key: string) => `Pulumi.${stack}.yaml, key game-ai-platform:${key}`;
  const entries = Object.entries(archetypes);
  if (entries.length === 0 && chains.length === 0) return undefined;
  const without = entries.flatMap(([name, given]) => (given === false ? [name] : []));
  const unknown = without.find((name) => !productRegistry.archetypes.has(name));
  if (unknown !== undefined) {
    throw new InputError({
      path: `archetypes.${unknown}`,
      given: false,
      allowed: `one of the product's to leave out: ${[...productRegistry.archetypes.keys()].join(", ")}`,
      where: where("archetypes"),
    });
  }
  const own = entries.flatMap(([name, given]) => (given === false ? [] : [{ name, ...given }]));
  const registry = checkRegistry({ schema: 1, without, archetypes: own, chains }, where("archetypes"));
  const bytes = Buffer.byteLength(JSON.stringify(registry));
  if (bytes <= mostBytes) return registry;
  throw new InputError({
    path: "archetypes",
    given: `${bytes} bytes of JSON`,
    allowed: `${mostBytes} at most; longer personas go into manifest.json of the model bucket`,
    where: where("archetypes"),
  });
}

/** The same, of the texts that a stack's file has. Only for what was checked when the stack was evaluated, or is about to be. */
export function ownRegistryOf(
  texts: { readonly archetypes?: string | undefined; readonly chains?: string | undefined },
  stack: string,
): RegistryDocument | undefined {
  const read = (text: string | undefined) => (text === undefined ? undefined : (JSON.parse(text) as never));
  return ownRegistry({ archetypes: read(texts.archetypes), chains: read(texts.chains) }, stack);
}
