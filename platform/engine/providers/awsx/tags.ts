import { type Derivable, derive } from "../../expansion";
import type { PropertyMap, PropertyValue } from "../../types";
import { isObject, isOutputValue, isSecret } from "../../values";

/** Tags with more tags over them; either may be an output as a whole. */
export function mergeTags(base: PropertyValue, more: Derivable): PropertyValue {
  if (more === undefined || more === null) return base;
  if (isMap(base) && isMap(more)) return { ...base, ...more };
  return derive([base, more], (from: PropertyMap, over: PropertyMap) => ({ ...from, ...over })) ?? {};
}

const isMap = (value: PropertyValue): value is PropertyMap =>
  isObject(value) && !isOutputValue(value) && !isSecret(value);
