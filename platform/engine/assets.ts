import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { PropertyMap, PropertyValue } from "./types";
import { isAsset, isObject, mapValues } from "./values";

/**
 * The value with the hash of each asset in it, as Pulumi's own engine adds it, so that contents are compared and not where they
 * lie. An asset behind a URI, and a file that is not there, have none.
 * @param folder Working directory of the program, which paths are relative to.
 */
export function withAssetHashes(value: PropertyValue, folder: string): PropertyValue {
  if (Array.isArray(value)) return value.map((item) => withAssetHashes(item, folder));
  if (!isObject(value)) return value;
  const content = isAsset(value) ? contentOf(value, folder) : undefined;
  if (content === undefined) return mapValues(value, (item) => withAssetHashes(item, folder));
  return { ...value, hash: createHash("sha256").update(content).digest("hex") };
}

function contentOf({ text, path }: PropertyMap, folder: string): string | Buffer | undefined {
  if (typeof text === "string") return text;
  const file = typeof path === "string" ? resolve(folder, path) : undefined;
  return file !== undefined && existsSync(file) ? readFileSync(file) : undefined;
}
