import type { PropertyMap } from "./types";
import { isSecret, unknownValue, withoutSecrets } from "./values";

/** What reading another stack answers: its outputs where they were given, unknown otherwise. */
export function stackReferenceOutputs(inputs: PropertyMap, known: Readonly<Record<string, PropertyMap>>): PropertyMap {
  const name = inputs.name ?? unknownValue;
  const outputs = typeof name === "string" ? known[name] : undefined;
  if (outputs === undefined) return { name, outputs: unknownValue, secretOutputNames: unknownValue };
  const secretOutputNames = Object.keys(outputs).filter((key) => isSecret(outputs[key]));
  return { name, outputs: withoutSecrets(outputs) as PropertyMap, secretOutputNames };
}
