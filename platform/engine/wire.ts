import { createRequire } from "node:module";
import type { Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import type { PropertyMap, PropertyValue } from "./types";

/**
 * The SDK's own copy of google-protobuf: a message only accepts parts that were made by the copy it was built with, and the
 * project may hold another version at the top.
 */
const requireFromSdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));
const structs = requireFromSdk(
  "google-protobuf/google/protobuf/struct_pb",
) as typeof import("google-protobuf/google/protobuf/struct_pb");
const empties = requireFromSdk(
  "google-protobuf/google/protobuf/empty_pb",
) as typeof import("google-protobuf/google/protobuf/empty_pb");

export const Empty = empties.Empty;

export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct === undefined ? {} : (struct.toJavaScript() as PropertyMap);
}

export function toStruct(map: PropertyMap): Struct {
  return structs.Struct.fromJavaScript(map);
}

export function fromValue(value: Value | undefined): PropertyValue | undefined {
  return value === undefined ? undefined : (value.toJavaScript() as PropertyValue);
}

export function toValue(value: PropertyValue): Value {
  return structs.Value.fromJavaScript(value);
}
