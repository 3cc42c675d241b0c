import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../../../contracts/input-error";
import { type AdapterEntry, type AdapterManifest, type ManifestFile, parseManifest } from "./manifest";
import { verifyFile } from "./preflight";
import { openS3, parseS3Url, type S3Reader } from "./s3";

export const manifestFile = "manifest.json";

/** Where adapters come from. */
export interface AdapterStore {
  /** The manifest as it is now; called again to look for new versions. */
  manifest(): Promise<AdapterManifest>;
  /** Makes the files of an adapter present on this machine. @returns the folder that the manifest's paths start in */
  fetch(entry: AdapterEntry): Promise<string>;
}

/**
 * Opens a folder, or `s3://bucket/prefix` with a cache on local disk.
 * @param cacheFolder Where objects of a bucket are kept, by checksum.
 */
export async function openStore(source: string, cacheFolder: string): Promise<AdapterStore> {
  if (source.startsWith("s3://")) {
    const location = parseS3Url(source, "--adapters");
    return s3Store(await openS3(location), source, cacheFolder);
  }
  return {
    manifest: async () => parseManifest(await readManifest(source), join(source, manifestFile)),
    fetch: async () => source,
  };
}

/** A store on top of anything that reads objects; files are kept under a folder named by the adapter's own checksums. */
export function s3Store(s3: S3Reader, source: string, cacheFolder: string): AdapterStore {
  return {
    manifest: async () => parseManifest(await s3.text(manifestFile), `${source}/${manifestFile}`),
    fetch: async (entry) => {
      const folder = join(cacheFolder, entry.files[0]!.sha256.slice(0, 32));
      for (const file of entry.files) await download(s3, file, folder);
      return folder;
    },
  };
}

/**
 * Copies listed files in parallel, each checked and then moved into place; files that are already right stay.
 * @param parallel Files under way at once. @default 8
 */
export async function downloadAll(
  s3: S3Reader,
  files: readonly ManifestFile[],
  folder: string,
  parallel = 8,
): Promise<void> {
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) await download(s3, file, folder);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, files.length) }, worker));
}

async function download(s3: S3Reader, file: ManifestFile, folder: string): Promise<void> {
  const path = join(folder, file.path);
  const present = await verifyFile(path, file).then(
    () => true,
    () => false,
  );
  if (present) return;
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  try {
    await s3.download(file.path, partial);
    await verifyFile(partial, file);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function readManifest(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, manifestFile), "utf8");
  } catch {
    throw new InputError({
      path: "adapters",
      given: folder,
      allowed: `a folder with ${manifestFile}, or s3://bucket/prefix`,
      where: "--adapters",
    });
  }
}
