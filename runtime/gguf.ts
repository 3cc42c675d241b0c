import { closeSync, openSync, readSync } from "node:fs";

/** True for a file that can be read and begins as every GGUF file does; llama.cpp's own message names no file. */
export function isGguf(path: string): boolean {
  const start = Buffer.alloc(4);
  try {
    const file = openSync(path, "r");
    try {
      readSync(file, start);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return start.toString("latin1") === "GGUF";
}
