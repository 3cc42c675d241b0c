import { readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { EvaluationError } from "./errors";
import { parseYaml, type YamlMap } from "./yaml-file";

/** What `Pulumi.yaml` says, as far as running the program needs it. */
export interface Project {
  readonly name: string;
  /** The folder of `Pulumi.yaml`, absolute. */
  readonly root: string;
  /** Working directory of the program, absolute. */
  readonly pwd: string;
  /** The program as given to the runner: `.` or a file of `pwd`. */
  readonly entryPoint: string;
  /** Arguments for node itself. */
  readonly nodeArgs: readonly string[];
  /** Whether the runner transpiles TypeScript by itself (ts-node). @default true */
  readonly typescript: boolean;
  readonly tsconfig?: string;
  /** Project-level config, as written. */
  readonly config: YamlMap;
  /** Folder of the stack config files, absolute. */
  readonly stackConfigDir: string;
}

/**
 * Reads `Pulumi.yaml` and settles where and how the program runs, by the rules of the CLI: a `main` that is a file runs in its
 * own folder.
 * @throws EvaluationError naming the file and line.
 */
export function readProject(projectDir: string): Project {
  const root = resolve(projectDir);
  const file = join(root, "Pulumi.yaml");
  const yaml = parseYaml(readText(file), "Pulumi.yaml");
  const name = yaml.name;
  if (typeof name !== "string") throw problem("name: a text is needed");
  const { runtimeName, options } = runtime(yaml.runtime);
  if (runtimeName !== "nodejs") {
    throw problem(`runtime: ${JSON.stringify(runtimeName)} is not allowed; the engine runs nodejs programs`);
  }
  return {
    name,
    root,
    ...program(root, yaml.main),
    nodeArgs: splitArguments(optionText(options, "nodeargs") ?? ""),
    typescript: options.typescript !== false,
    tsconfig: optionText(options, "tsconfig"),
    config: isMap(yaml.config) ? yaml.config : {},
    stackConfigDir: resolve(root, typeof yaml.stackConfigDir === "string" ? yaml.stackConfigDir : "."),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new EvaluationError("project", `${file}: there is no such file; the engine needs a Pulumi project`);
  }
}

function runtime(value: unknown): { runtimeName: unknown; options: YamlMap } {
  if (!isMap(value)) return { runtimeName: value, options: {} };
  return { runtimeName: value.name, options: isMap(value.options) ? value.options : {} };
}

function program(root: string, main: unknown): Pick<Project, "pwd" | "entryPoint"> {
  if (main === undefined || main === "") return { pwd: root, entryPoint: "." };
  if (typeof main !== "string") throw problem("main: a path is needed");
  if (isAbsolute(main)) throw problem(`main: ${main} is not allowed; a path relative to the project is`);
  const path = join(root, main);
  if (relative(root, path).startsWith(".."))
    throw problem(`main: ${main} is not allowed; a path inside the project is`);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw problem(`main: there is no ${main}`);
  return stat.isDirectory() ? { pwd: path, entryPoint: "." } : { pwd: dirname(path), entryPoint: basename(path) };
}

function optionText(options: YamlMap, key: string): string | undefined {
  const value = options[key];
  if (value === undefined || typeof value === "string") return value;
  throw problem(`runtime.options.${key}: a text is needed`);
}

/** Splits a command line as a shell does for words, quotes and backslashes. */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  const word = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g;
  const part = /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g;
  for (const [text] of line.matchAll(word)) {
    words.push(
      text.replace(part, (_all, escaped?: string, double?: string, single?: string) =>
        escaped !== undefined ? escaped : double !== undefined ? double.replace(/\\(["\\])/g, "$1") : (single ?? ""),
      ),
    );
  }
  return words;
}

export function isMap(value: unknown): value is YamlMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function problem(text: string): EvaluationError {
  return new EvaluationError("project", `Pulumi.yaml: ${text}`);
}
