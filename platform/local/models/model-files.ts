import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { type LocalModel, type LocalModelName, localModels } from "../../../catalog/local-models";
import { InputError } from "../../../contracts/input-error";
import { isGguf } from "../../../runtime/gguf";

/** Folder of a project's fetched models; git-ignored. */
export const modelFolder = (projectDir: string): string => join(projectDir, ".platform", "models");

/** The file of a model in a folder. */
export const modelFile = (folder: string, name: string): string => join(folder, `${name}.gguf`);

/** What was found when a model was fetched first. */
export interface KnownFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly url: string;
}

const hashesFile = (folder: string): string => join(folder, "hashes.json");

/** Hashes that were recorded in a folder, by the model's name. */
export function recordedHashes(folder: string): Readonly<Record<string, KnownFile>> {
  const file = hashesFile(folder);
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, KnownFile>;
  } catch {
    throw new InputError({
      path: "hashes",
      given: file,
      allowed: "the JSON that `platform model fetch` wrote; remove it to record anew",
    });
  }
}

/** Keeps the hash of a model that was fetched. */
export function recordHash(folder: string, name: string, known: KnownFile): void {
  mkdirSync(folder, { recursive: true });
  const draft = `${hashesFile(folder)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ ...recordedHashes(folder), [name]: known }, undefined, 2)}\n`);
  renameSync(draft, hashesFile(folder));
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** The models by name; a name that is not listed is an error. @throws InputError */
export function knownModel(name: string): LocalModel {
  if (Object.hasOwn(localModels, name)) return localModels[name as LocalModelName];
  throw new InputError({ path: "model", given: name, allowed: Object.keys(localModels).join(", ") });
}

/**
 * The GGUF file that `--model` asks for: a path, or the name of a model that was fetched.
 * @throws InputError for a file that is not there or no GGUF, and for a model that was not fetched yet
 */
export function modelPath(given: string, projectDir: string, cwd = process.cwd()): string {
  const fetched = Object.hasOwn(localModels, given);
  const file = fetched ? modelFile(modelFolder(projectDir), given) : resolve(cwd, given);
  const wrong = (allowed: string) => new InputError({ path: "model", given, allowed, where: "--model" });
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw wrong(
      fetched
        ? `a model that is here; \`npx platform model fetch ${given}\` brings it`
        : `the path of a GGUF file, or a name of \`npx platform model list\`: ${Object.keys(localModels).join(", ")}`,
    );
  }
  if (!isGguf(file)) throw wrong("a file in GGUF, llama.cpp's format");
  return file;
}
