import type { PropertyMap, PropertyValue } from "../../engine/types";
import { isObject } from "../../engine/values";
import type { ResourceState } from "../../plan/model";

/** Resources of a stack; a change makes a new list and leaves the given one as it is. */
export type Graph = readonly ResourceState[];
export type Change = (graph: Graph) => Graph;

/** A change that a pull request could make, and the rule that must find it. */
export interface Mutation {
  readonly name: string;
  readonly finds: string;
  readonly change: Change;
}

/** Which resources: a logical name, or all of a type whose name passes. */
export type Which = string | { readonly type: string; readonly where?: (resource: ResourceState) => boolean };

const isMeant = (which: Which, resource: ResourceState): boolean =>
  typeof which === "string"
    ? resource.name === which && resource.custom
    : resource.type === which.type && (which.where?.(resource) ?? true);

/** Changes resources; at least one must be there. */
export const change =
  (which: Which, edit: (resource: ResourceState) => ResourceState): Change =>
  (graph) => {
    if (!graph.some((one) => isMeant(which, one))) throw new Error(`no resource ${JSON.stringify(which)}`);
    return graph.map((one) => (isMeant(which, one) ? edit(one) : one));
  };

/** Sets properties by path, such as `rule.objectOwnership` or `rules.0.action`; undefined removes one. */
export const set = (which: Which, values: Readonly<Record<string, PropertyValue | undefined>>): Change =>
  change(which, (resource) => {
    const inputs = structuredClone(resource.inputs);
    const propertyDependencies = { ...resource.propertyDependencies };
    for (const [path, value] of Object.entries(values)) {
      put(inputs, path.split("."), value);
      delete propertyDependencies[path];
    }
    return { ...resource, inputs, propertyDependencies };
  });

function put(target: PropertyValue, [key, ...rest]: readonly string[], value: PropertyValue | undefined): void {
  const holder = target as PropertyMap;
  if (rest.length > 0) {
    if (typeof holder[key!] !== "object") holder[key!] = {};
    put(holder[key!]!, rest, value);
  } else if (value === undefined) delete holder[key!];
  else holder[key!] = value;
}

/** Removes resources. */
export const drop =
  (which: Which): Change =>
  (graph) => {
    const left = graph.filter((one) => !isMeant(which, one));
    if (left.length === graph.length) throw new Error(`no resource ${JSON.stringify(which)}`);
    return left;
  };

/** Adds a resource; `references` are logical names by property, with the type before them where types share a name. */
export const add =
  (type: string, inputs: PropertyMap, references: Readonly<Record<string, string>> = {}, name = "added"): Change =>
  (graph) => {
    const urnOf = (wanted: string): string => {
      const found = graph.find((one) => one.custom && (one.name === wanted || `${one.type} ${one.name}` === wanted));
      if (found === undefined) throw new Error(`no resource ${wanted}`);
      return found.urn;
    };
    const stack = graph[0]!.urn.split("::").slice(0, 2).join("::");
    const propertyDependencies = Object.fromEntries(
      Object.entries(references).map(([property, target]) => [property, [urnOf(target)]]),
    );
    const added: ResourceState = {
      urn: `${stack}::${type}::${name}`,
      type,
      name,
      custom: true,
      external: false,
      inputs,
      outputs: {},
      dependencies: [],
      propertyDependencies,
      protect: true,
      retainOnDelete: false,
      aliases: [],
    };
    return [...graph, added];
  };

export const both =
  (...changes: readonly Change[]): Change =>
  (graph) =>
    changes.reduce((changed, one) => one(changed), graph);

type Document = { Version: string; Statement: PropertyMap[] };

/** Edits the first statement of an IAM document, or the one with the given Sid. */
export const edit = (which: Which, property: string, fields: PropertyMap, sid?: string): Change =>
  change(which, (resource) => {
    const given = resource.inputs[property];
    const document = (typeof given === "string" ? JSON.parse(given) : given) as Document;
    const at = sid === undefined ? 0 : document.Statement.findIndex(({ Sid }) => Sid === sid);
    if (at < 0) throw new Error(`${resource.name} has no statement ${sid}`);
    const edited = { ...document.Statement[at], ...fields };
    const kept = Object.fromEntries(Object.entries(edited).filter(([, value]) => value !== null));
    const Statement = document.Statement.with(at, kept);
    return { ...resource, inputs: { ...resource.inputs, [property]: JSON.stringify({ ...document, Statement }) } };
  });

/** Puts a statement in place of all others of a document. */
export const rewrite = (which: Which, property: string, fields: PropertyMap): Change =>
  change(which, (resource) => ({
    ...resource,
    inputs: {
      ...resource.inputs,
      [property]: JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "Only", Effect: "Allow", ...fields }] }),
    },
  }));

/** Edits each container of a task definition. */
export const containers = (name: string, fields: PropertyMap): Change =>
  change(name, (resource) => {
    const list = JSON.parse(String(resource.inputs.containerDefinitions)) as PropertyValue[];
    const edited = list.map((one) => (isObject(one) ? { ...one, ...fields } : one));
    return { ...resource, inputs: { ...resource.inputs, containerDefinitions: JSON.stringify(edited) } };
  });
