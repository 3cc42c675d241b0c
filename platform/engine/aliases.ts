import type { AliasSpec } from "./goal";
import type { Urn } from "./types";
import { makeUrn, parseUrn, type UrnParts } from "./urn";

interface Named {
  readonly type: string;
  readonly name: string;
  readonly parent?: Urn;
}

/**
 * The full URNs a resource was known by: its own aliases, and for each alias of its parent the URN it would have had there,
 * under its own and under each of its aliased names.
 */
export function resolveAliases(
  own: Urn,
  resource: Named,
  aliases: readonly AliasSpec[],
  parentAliases: readonly Urn[],
): Urn[] {
  const direct = aliases.map((alias) => aliasUrn(own, resource, alias));
  const inherited = parentAliases.flatMap((parentAlias) =>
    [own, ...direct].map((urn) => underAlias(own, parseUrn(urn), resource.parent, parentAlias)),
  );
  return [...new Set([...direct, ...inherited])].filter((urn) => urn !== own);
}

function aliasUrn(own: Urn, resource: Named, alias: AliasSpec): Urn {
  if ("urn" in alias) return alias.urn;
  const { stack, project } = parseUrn(own);
  const parent = alias.parent === null ? undefined : (alias.parent ?? resource.parent);
  return makeUrn(
    alias.stack ?? stack,
    alias.project ?? project,
    parent,
    alias.type ?? resource.type,
    alias.name ?? resource.name,
  );
}

/** A child named after its parent (`web-role` under `web`) was named after the parent's old name too. */
function underAlias(own: Urn, child: UrnParts, parent: Urn | undefined, parentAlias: Urn): Urn {
  const parentName = parent === undefined ? "" : parseUrn(parent).name;
  const followsParent = parentName !== "" && child.name.startsWith(parentName);
  const name = followsParent ? parseUrn(parentAlias).name + child.name.slice(parentName.length) : child.name;
  const { stack, project } = parseUrn(own);
  return makeUrn(stack, project, parentAlias, child.type, name);
}
