import { replaceReferences } from "../../engine/references";
import type { Reading } from "../references";

/**
 * True when a text of a state file is what the program says but for values that nobody knows before `up`, such as a parameter
 * that the program looks up: they may be anything. User data is looked into.
 */
export function matchesAroundUnknown(old: string, next: string, reading: Reading): boolean {
  return matches(old, next, reading) || matches(decoded(old), decoded(next), reading);
}

/** No text of a program holds it. */
const gap = "\0";

function matches(old: string | undefined, next: string | undefined, reading: Reading): boolean {
  if (old === undefined || next === undefined || holdsReference(old) || !holdsReference(next)) return false;
  const known = replaceReferences(next, (reference, standIn) =>
    reading.isNew(reference.resource) ? standIn : (reading.known(reference) ?? gap),
  );
  if (!known.includes(gap)) return false;
  const parts = known.split(gap).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*?")}$`).test(old);
}

const holdsReference = (text: string): boolean => replaceReferences(text, () => "") !== text;

function decoded(text: string): string | undefined {
  return /^[A-Za-z0-9+/]{16,}={0,2}$/.test(text) ? Buffer.from(text, "base64").toString("utf8") : undefined;
}
