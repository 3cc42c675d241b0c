import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { PropertyMap, PropertyValue } from "../types";
import { isArchive, isAsset, isObject, mapValues, signatureKey } from "../values";
import { type ArchiveEntry, byBytes, entriesOfFile, entriesOfFolder, isArchiveFile } from "./archive-entries";
import { tarBlocks } from "./tar";

/**
 * The value with the hash of each asset and archive in it, as Pulumi's own engine adds it, so that contents are compared and not
 * where they lie. What lies behind an http address has none.
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/archive/archive.go
 * @param folder Working directory of the program, which paths are relative to.
 * @throws Error naming a file that is not there or cannot be read.
 */
export function withAssetHashes(value: PropertyValue, folder: string): PropertyValue {
  if (Array.isArray(value)) return value.map((item) => withAssetHashes(item, folder));
  if (!isObject(value)) return value;
  if (!isAsset(value) && !isArchive(value)) return mapValues(value, (item) => withAssetHashes(item, folder));
  const hash = isAsset(value) ? assetHash(value, folder) : archiveHash(value, folder);
  const parts = ["text", "path", "uri", "assets"].filter((key) => key in value && value[key] !== "");
  return {
    [signatureKey]: value[signatureKey]!,
    ...Object.fromEntries(parts.map((key) => [key, withAssetHashes(value[key]!, folder)])),
    ...(hash === undefined ? {} : { hash }),
  };
}

function assetHash(asset: PropertyMap, folder: string): string | undefined {
  const content = assetContent(asset, folder);
  return content === undefined ? undefined : createHash("sha256").update(content).digest("hex");
}

function assetContent(asset: PropertyMap, folder: string): string | Buffer | undefined {
  const file = fileOf(asset, folder);
  if (file === undefined) return isElsewhere(asset) ? undefined : String(asset.text ?? "");
  if (statOf(file).isDirectory()) throw new Error(`the asset ${file} is a folder; give it as an archive`);
  return readFileSync(file);
}

/** A file that is an archive is hashed as it is, anything else as the tar that holds it. */
function archiveHash(archive: PropertyMap, folder: string): string | undefined {
  const hash = createHash("sha256");
  const file = fileOf(archive, folder);
  if (file !== undefined && isArchiveFile(file)) {
    statOf(file);
    return hash.update(readFileSync(file)).digest("hex");
  }
  const entries = entriesOf(archive, folder);
  if (entries === undefined) return undefined;
  const seen = new Set<string>();
  for (const { name, content } of entries) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const block of tarBlocks(name, content)) hash.update(block);
  }
  return hash.update(Buffer.alloc(1024)).digest("hex");
}

/** The files inside an archive in the engine's order; undefined when some lie elsewhere. */
function entriesOf(archive: PropertyMap, folder: string): ArchiveEntry[] | undefined {
  const file = fileOf(archive, folder);
  if (file !== undefined) {
    if (isArchiveFile(file)) return entriesOfFile(file);
    if (!statOf(file).isDirectory())
      throw new Error(`${file} is neither a folder nor an archive (.zip, .jar, .tar, .tgz)`);
    return entriesOfFolder(file);
  }
  if (isElsewhere(archive)) return undefined;
  const assets = isObject(archive.assets) ? archive.assets : {};
  const entries: ArchiveEntry[] = [];
  for (const name of Object.keys(assets).sort(byBytes)) {
    const member = assets[name];
    if (isArchive(member)) {
      const inner = entriesOf(member, folder);
      if (inner === undefined) return undefined;
      for (const entry of inner) entries.push({ ...entry, name: posix.join(name, entry.name) });
    } else if (isAsset(member)) {
      const content = assetContent(member, folder);
      if (content === undefined) return undefined;
      entries.push({ name, content: Buffer.from(content) });
    }
  }
  return entries;
}

function fileOf({ path, uri }: PropertyMap, folder: string): string | undefined {
  if (typeof path === "string" && path !== "") return resolve(folder, path);
  return typeof uri === "string" && uri.startsWith("file://") ? fileURLToPath(uri) : undefined;
}

const isElsewhere = ({ uri }: PropertyMap): boolean => typeof uri === "string" && uri !== "";

function statOf(file: string) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`there is no file ${file}, which an asset names`);
  return stat;
}
