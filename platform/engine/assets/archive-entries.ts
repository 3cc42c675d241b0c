import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";

/** A file inside an archive. */
export interface ArchiveEntry {
  /** Path with forward slashes. */
  readonly name: string;
  readonly content: Buffer;
}

/** Told by its name, as the engine does. */
export const isArchiveFile = (file: string): boolean => /\.(tar|tgz|tar\.gz|zip|jar)$/.test(file);

/** The order of Go's strings: by bytes. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Pulumi's own book-keeping, never part of an archive. */
const bookkeeping = ".pulumi";

/** Every file below a folder, by name; links to files are read, links to folders left out. */
export function entriesOfFolder(folder: string, below = ""): ArchiveEntry[] {
  const found = readdirSync(join(folder, below), { withFileTypes: true });
  return found
    .filter(({ name }) => name !== bookkeeping)
    .sort((a, b) => byBytes(a.name, b.name))
    .flatMap((item): ArchiveEntry[] => {
      const name = posix.join(below, item.name);
      const path = join(folder, name);
      if (item.isDirectory()) return entriesOfFolder(folder, name);
      if (item.isSymbolicLink() && statSync(path).isDirectory()) return [];
      return [{ name, content: readFileSync(path) }];
    });
}

/** The files inside an archive file, in its own order. */
export function entriesOfFile(file: string): ArchiveEntry[] {
  const bytes = readFileSync(file);
  if (/\.(zip|jar)$/.test(file)) return zipEntries(bytes, file);
  return tarEntries(file.endsWith(".tar") ? bytes : gunzipSync(bytes), file);
}

/** Reads the central directory: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3) */
function zipEntries(bytes: Buffer, file: string): ArchiveEntry[] {
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new Error(`${file} is no zip archive`);
  const entries: ArchiveEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
    const content = bytes.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    if (!name.endsWith("/")) entries.push({ name: posix.normalize(name), content });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar and the path record of pax) */
function tarEntries(bytes: Buffer, file: string): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const text = (offset: number, length: number) =>
      bytes.toString("utf8", at + offset, at + offset + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 12).trim() || "0", 8);
    const content = bytes.subarray(at + 512, at + 512 + size);
    const type = text(156, 1);
    const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
    const name = longName ?? (prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`);
    longName = undefined;
    if (type === "x") longName = /^\d+ path=(.*)$/m.exec(content.toString("utf8"))?.[1];
    else if (type === "L") longName = content.toString("utf8").replace(/\0.*$/s, "");
    else if (type === "" || type === "0") entries.push({ name: posix.normalize(name), content });
    else if (type !== "5" && type !== "g") throw new Error(`${file}: ${name} is neither a file nor a folder`);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}
