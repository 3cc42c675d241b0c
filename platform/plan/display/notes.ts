import { parseUrn } from "../../engine/urn";
import type { Step } from "../model";

/** What the plan knows of a step beyond the CLI's columns, in a few words each. */
export function notesOf({ op, notes, new: next }: Step): string[] {
  const list: string[] = [];
  const names = (paths: readonly string[]): string => paths.join(", ");
  if (notes.mayReplace?.length) list.push(`may replace: not known (${names(notes.mayReplace)})`);
  if (op === "replace" && notes.deleteBeforeReplace) list.push("deleted before it is replaced");
  if (notes.replacedBecauseOf?.length) {
    list.push(`replaced because of ${notes.replacedBecauseOf.map((urn) => parseUrn(urn).name).join(", ")}`);
  }
  if (notes.renamedFrom !== undefined) list.push(`was ${describeUrn(notes.renamedFrom)}`);
  if (notes.oldParent !== undefined) list.push(`moved from ${parseUrn(notes.oldParent).name}`);
  if (notes.knownAfterApply?.length) list.push(`known after apply: ${names(notes.knownAfterApply)}`);
  if (notes.ignored?.length) list.push(`ignored: ${names(notes.ignored)}`);
  if (notes.notCompared?.length) list.push(`not compared: ${names(notes.notCompared)}`);
  if (op === "import" && next?.importId !== undefined) list.push(`id ${next.importId}`);
  return list;
}

function describeUrn(urn: string): string {
  const { type, name } = parseUrn(urn);
  return `${type} ${name}`;
}
