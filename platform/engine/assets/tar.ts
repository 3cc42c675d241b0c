import { posix } from "node:path";

const blockSize = 512;
const nameSize = 100;
const prefixSize = 155;

/**
 * One file as Go's tar writer writes it (mode 0600, no owner, no time), which the engine's hash of an archive is taken of.
 * https://github.com/golang/go/blob/master/src/archive/tar/writer.go
 */
export function tarBlocks(name: string, content: Buffer): Buffer[] {
  const split = splitName(name);
  if (split !== undefined) return [header(split.name, split.prefix, "0", 0o600, content.length), ...padded(content)];
  // A name that ustar cannot hold goes into a pax record before the file.
  const record = Buffer.from(paxRecord("path", name));
  const { dir, base } = posix.parse(name);
  const recordName = ascii(posix.join(dir, "PaxHeaders.0", base))
    .slice(0, nameSize)
    .replace(/\/+$/, "");
  return [
    header(recordName, "", "x", 0, record.length, false),
    ...padded(record),
    header(ascii(name).slice(0, nameSize), "", "0", 0o600, content.length),
    ...padded(content),
  ];
}

/** The two parts of a name in a ustar header; undefined when it does not fit or is not ASCII. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (ascii(name) !== name) return undefined;
  if (name.length <= nameSize) return { name, prefix: "" };
  const at = name.lastIndexOf("/", Math.min(name.length, prefixSize + 1) - 1);
  const rest = name.slice(at + 1);
  return at <= 0 || rest.length > nameSize || rest === "" ? undefined : { name: rest, prefix: name.slice(0, at) };
}

/** Without what is not ASCII. */
const ascii = (text: string): string => [...text].filter((char) => char > "\0" && char < "\x80").join("");

function header(name: string, prefix: string, type: string, mode: number, size: number, devices = true): Buffer {
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, offset: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  block.write(name, 0, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(type, 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  if (devices) {
    octal(0, 329, 8);
    octal(0, 337, 8);
  }
  block.write(prefix, 345, "latin1");
  // The sum is taken with blanks in its own place.
  block.fill(" ", 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function padded(content: Buffer): Buffer[] {
  return [content, Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize)];
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}
