import { readdir, readFile, stat } from "node:fs/promises";
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
      return (await walk(folder)).sort().map((path) => ({
        path: relative(folder, path).split(sep).join("/"),
        read: () => readLimited(path),
      }));
    },
  };
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = await Promise.all(
    entries
      .filter(({ name }) => !name.startsWith("."))
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return walk(path);
        return mediaTypeOf(entry.name) === undefined ? [] : [path];
      }),
  );
  return lists.flat();
}

async function readLimited(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > largestFile) throw new Error(`${size} bytes, more than ${largestFile}`);
  return readFile(path);
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
