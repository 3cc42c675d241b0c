import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { InputError } from "../../../contracts/input-error";
import { mediaTypeOf } from "./prepare";

/** A file that may become a document. */
export interface SourceFile {
  /** Path inside the source, with forward slashes. */
  readonly path: string;
  read(): Promise<Uint8Array>;
}

/** A folder or an S3 prefix. */
export interface Source {
  readonly name: string;
  files(): Promise<SourceFile[]>;
}

/** Largest file read, in bytes; a document is one transaction. */
const largestFile = 5 * 1024 * 1024;

/**
 * Opens `s3://bucket/prefix` or a folder.
 * @param name Name of the source. @default the folder's or prefix's last part
 */
export function openSource(place: string, name?: string): Source {
  const s3 = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place);
  if (s3 !== null) return s3Source(s3[1] as string, s3[2] as string, name);
  return folderSource(place, name);
}

function folderSource(folder: string, name = basename(resolve(folder))): Source {
  return {
    name,
    async files() {
      const info = await stat(folder).catch(() => undefined);
      if (!info?.isDirectory()) {
        throw new InputError({
          path: "place",
          given: folder,
          allowed: "an existing folder or s3://bucket/prefix",
          where: "the first argument of kb ingest",
        });
      }
      return (await walk(folder))
        .map(({ path, read }) => ({ path: relative(folder, path).split(sep).join("/"), read }))
        .sort((a, b) => (a.path < b.path ? -1 : 1));
    },
  };
}

/**
 * The files below a folder, and what looks like one and cannot be read: links, which may lead anywhere, and folders that cannot be
 * listed. Reading those throws, so that they are reported and nothing stored of them counts as gone. Hidden names are passed over.
 */
async function walk(folder: string): Promise<SourceFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = await Promise.all(
    entries
      .filter(({ name }) => !name.startsWith("."))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return walk(path).catch((error: unknown) => [unreadable(path, error)]);
        if (entry.isSymbolicLink() && (mediaTypeOf(entry.name) !== undefined || (await leadsToFolder(path)))) {
          return [unreadable(path, new Error("a symbolic link; links are not followed"))];
        }
        return mediaTypeOf(entry.name) === undefined ? [] : [{ path, read: () => readLimited(path) }];
      }),
  );
  return lists.flat();
}

function unreadable(path: string, error: unknown): SourceFile {
  return { path, read: () => Promise.reject(error) };
}

const leadsToFolder = (link: string) =>
  stat(link).then(
    (target) => target.isDirectory(),
    () => false,
  );

/**
 * Reads a regular file. It is opened without waiting, since a pipe without a writer would keep this program for ever, and without
 * following a link that took the file's place meanwhile.
 */
async function readLimited(path: string): Promise<Uint8Array> {
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new Error("not a regular file");
    if (info.size > largestFile) throw new Error(`${info.size} bytes, more than ${largestFile}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function s3Source(bucket: string, prefix: string, name?: string): Source {
  const client = new S3Client({});
  return {
    name: name ?? (prefix.replace(/\/$/, "").split("/").pop() || bucket),
    async files() {
      const files: SourceFile[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        );
        for (const { Key = "", Size = 0 } of page.Contents ?? []) {
          if (mediaTypeOf(Key) === undefined) continue;
          files.push({
            path: Key.slice(prefix.length).replace(/^\//, ""),
            read: async () => {
              if (Size > largestFile) throw new Error(`${Size} bytes, more than ${largestFile}`);
              const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
              return (await Body?.transformToByteArray()) ?? new Uint8Array();
            },
          });
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return files.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
  };
}

/** Bytes as text. @throws Error when they are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
