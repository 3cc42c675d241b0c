import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, posix } from "node:path";

/** What a service's image would bring to its process, with paths of this machine. */
export interface ImageSettings {
  /** Arguments of the bundle, where the task definition has none. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Reads `images/containers/NAME.Dockerfile`: CMD, and the environment whose paths the image copies from this repository. Paths that only
 * the image has (certificate authorities) are left out. Without a file: the folders of its migrations, where it has some.
 */
export function imageSettings(projectDir: string, service: string): ImageSettings {
  const file = join(projectDir, "images", "containers", `${service}.Dockerfile`);
  if (!existsSync(file)) return { command: [], environment: migrationFolders(projectDir, service) };
  const lines = instructions(readFileSync(file, "utf8"));
  const workdir = lines.findLast(({ word }) => word === "WORKDIR")?.rest ?? "/";
  const copied = lines.filter(({ word }) => word === "COPY").flatMap(({ rest }) => copies(rest, workdir));
  const command = lines.findLast(({ word }) => word === "CMD")?.rest;
  const environment = lines
    .filter(({ word }) => word === "ENV")
    .flatMap(({ rest }) => [...rest.matchAll(/([A-Za-z_]\w*)=("[^"]*"|\S+)/g)])
    .map(([, name, value]) => [name!, value!.replace(/^"|"$/g, "")] as const)
    .flatMap(([name, value]) => {
      if (!isAbsolute(value)) return [[name, value] as const];
      const source = copied.find(({ to }) => value === to || value.startsWith(`${to}/`));
      return source === undefined
        ? []
        : [[name, join(projectDir, source.from, value.slice(source.to.length))] as const];
    });
  return {
    command: command?.startsWith("[") ? (JSON.parse(command) as string[]) : [],
    environment: Object.fromEntries(environment),
  };
}

/** Where a service on the kit finds its migrations and those of the kit, which stand beside its sources and not beside its bundle. */
function migrationFolders(projectDir: string, service: string): Readonly<Record<string, string>> {
  const own = join(projectDir, "services", service, "schema", "migrations");
  const kit = join(projectDir, "runtime", "service", "schema", "migrations");
  return existsSync(own) ? { KIT_MIGRATIONS_DIR: kit, MIGRATIONS_DIR: own } : {};
}

/** Instructions of a Dockerfile, each on one line; comments left out. */
function instructions(text: string): { word: string; rest: string }[] {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .flatMap((line) => {
      const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
      return word === undefined || rest === undefined ? [] : [{ word, rest }];
    });
}

/** `COPY FROM... TO` as pairs; what another stage or an option brings is not from this repository. */
function copies(rest: string, workdir: string): { from: string; to: string }[] {
  if (rest.startsWith("--from")) return [];
  const words = rest.split(/\s+/).filter((word) => !word.startsWith("--"));
  const last = words.at(-1)!;
  const to = posix.resolve(workdir, last);
  // A file goes into a folder that is named with a slash; of a folder it is the content that goes there.
  const inside = (from: string): boolean => last.endsWith("/") && posix.extname(from) !== "";
  return words.slice(0, -1).map((from) => ({ from, to: inside(from) ? posix.join(to, posix.basename(from)) : to }));
}
