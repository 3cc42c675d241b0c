import { type Reference, replaceReferences, resourceHash, standIn } from "../engine/references";
import type { PropertyMap, PropertyValue, Urn } from "../engine/types";
import { parseUrn } from "../engine/urn";
import { mapTexts, mapValues, unknownValue } from "../engine/values";
import type { Difference, ResourceState } from "./model";

/** The resources whose outputs a value holds stand-ins of, by hash. */
export function referencedHashes(value: PropertyValue): Set<string> {
  const found = new Set<string>();
  mapTexts(value, (text) =>
    replaceReferences(text, ({ resource }, whole) => {
      found.add(resource);
      return whole;
    }),
  );
  return found;
}

/** A copy as Pulumi would have it: a text with a stand-in in it is unknown as a whole. */
export const withoutStandIns = (value: PropertyValue): PropertyValue =>
  mapTexts(value, (text) => (replaceReferences(text, () => "") === text ? text : unknownValue));

/** A state as Pulumi would have it. */
export function stateWithoutStandIns(state: ResourceState): ResourceState {
  const { id } = state;
  return {
    ...state,
    id: id !== undefined && withoutStandIns(id) === unknownValue ? undefined : id,
    inputs: mapValues(state.inputs, withoutStandIns),
    outputs: mapValues(state.outputs, withoutStandIns),
  };
}

/** Names resources by their hash, for texts that people read. */
export class ReferenceNames {
  private readonly names = new Map<string, string>();

  add(urn: Urn): void {
    this.names.set(resourceHash(urn), parseUrn(urn).name);
  }

  /** `${database.address}` for a stand-in of what is already there, unknown for one of what is yet to be made. */
  show(difference: Difference, isNew: (hash: string) => boolean): Difference {
    const old = (value: PropertyValue): PropertyValue => this.named(value);
    const next = (value: PropertyValue): PropertyValue => this.named(value, isNew);
    switch (difference.kind) {
      case "add":
        return { ...difference, new: next(difference.new) };
      case "delete":
        return { ...difference, old: old(difference.old) };
      case "update":
        return { ...difference, old: old(difference.old), new: next(difference.new) };
      case "object":
        return { ...difference, entries: new Map([...difference.entries].map(([k, d]) => [k, this.show(d, isNew)])) };
      case "array":
        return {
          ...difference,
          entries: difference.entries.map(([at, entry]) => [at, this.show(entry, isNew)] as const),
        };
      default:
        return { ...difference, inner: this.show(difference.inner, isNew) };
    }
  }

  private named(value: PropertyValue, isNew: (hash: string) => boolean = () => false): PropertyValue {
    return mapTexts(value, (text) => {
      let unknown = false;
      const shown = replaceReferences(text, ({ resource, output }, whole) => {
        if (whole === text && isNew(resource)) unknown = true;
        return `\${${this.names.get(resource) ?? resource}.${output}}`;
      });
      return unknown ? unknownValue : shown.replaceAll(before, "");
    });
  }
}

const before = "~before";

/** How the two sides of a comparison have to be read so that equal words mean equal values. */
export interface Reading {
  /** Current URN of a resource that the baseline knew by another, by the hash of the old one. */
  readonly currentUrn: (hash: string) => Urn | undefined;
  /** True when the resource is made anew, so that its outputs change. */
  readonly isNew: (hash: string) => boolean;
  /** The value that the baseline has for an output; undefined when it has none. */
  readonly known: (reference: Reference) => string | undefined;
}

/** The baseline's side: stand-ins under current names, those of what is replaced marked as belonging to the old one. */
export function readOld(inputs: PropertyMap, reading: Reading): PropertyMap {
  return mapValues(inputs, (value) =>
    mapTexts(value, (text) =>
      replaceReferences(text, ({ resource, output }, whole) => {
        const urn = reading.currentUrn(resource);
        const current = urn === undefined ? whole : standIn(urn, output);
        const hash = urn === undefined ? resource : resourceHash(urn);
        return reading.isNew(hash) ? current + before : current;
      }),
    ),
  );
}

/** The program's side: stand-ins of what stays get the value that the baseline knows. */
export function readNew(inputs: PropertyMap, reading: Reading): PropertyMap {
  return mapValues(inputs, (value) =>
    mapTexts(value, (text) => {
      let unknown = false;
      const read = replaceReferences(text, (reference, whole) => {
        if (reading.isNew(reference.resource)) return whole;
        const value = reading.known(reference);
        if (value === undefined && whole === text) unknown = true;
        return value ?? whole;
      });
      return unknown ? unknownValue : read;
    }),
  );
}
