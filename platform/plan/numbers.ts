import type { PropertyValue } from "../engine/types";
import { isObject, mapValues, signatureKey } from "../engine/values";

/**
 * State files write a number that JSON does not have (NaN, the infinities) as the bits of its float.
 * https://github.com/pulumi/pulumi/blob/master/pkg/resource/stack/deployment.go
 */
const floatSignature = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c";

/** The number that a marker of a state file holds; undefined for anything else. */
export function decodeNumber(value: PropertyValue): number | undefined {
  if (!isObject(value) || value[signatureKey] !== floatSignature || typeof value.value !== "string") return undefined;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setBigUint64(0, BigInt(`0x${value.value}`));
  return bits.getFloat64(0);
}

/** A copy fit for JSON: each number that JSON does not have as the marker of a state file. */
export function encodeNumbers(value: PropertyValue): PropertyValue {
  if (typeof value === "number" && !Number.isFinite(value)) {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value);
    // Every NaN is written as Go's.
    const hex = Number.isNaN(value) ? "7fffffffffffffff" : bits.getBigUint64(0).toString(16);
    return { [signatureKey]: floatSignature, value: hex };
  }
  if (Array.isArray(value)) return value.map(encodeNumbers);
  return isObject(value) ? mapValues(value, encodeNumbers) : value;
}
