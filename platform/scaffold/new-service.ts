import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../contracts/input-error";
import { catalogueEntry, filesOf, namesOf } from "./templates";

export interface NewService {
  /** Paths of the files made, from the project. */
  readonly made: readonly string[];
  /** Paths of the lists to which a line was added. */
  readonly changed: readonly string[];
  /** What a person adds to the stack's catalogue; undefined where it has the service already. */
  readonly catalogueEntry: string | undefined;
}

/**
 * Writes the six files of a new service on the kit, and puts it into the lists of contracts, events and addresses.
 * @throws InputError for a name that is none or is taken; nothing is written then
 */
export function newService(projectDir: string, name: string): NewService {
  if (!/^[a-z][a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,3}$/.test(name)) {
    throw wrong(name, "two to 21 small letters and digits, with a hyphen between words: quest-board");
  }
  const names = namesOf(name);
  const files = filesOf(names);
  const taken = Object.keys(files).find((path) => existsSync(join(projectDir, path)));
  if (taken !== undefined) throw wrong(name, `a name that no service has; ${taken} is there already`);

  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(projectDir, path)), { recursive: true });
    writeFileSync(join(projectDir, path), text);
  }
  const key = name.includes("-") ? `"${name}"` : name;
  const changed = [
    addLine(projectDir, "contracts/services/index.ts", [
      [/^import \{/m, `import { ${names.camel} } from "./${name}";\n`],
      [/^ {2}[\w"-]+: \w+,$/m, `  ${key}: ${names.camel},\n`],
    ]),
    addLine(projectDir, "contracts/events/index.ts", [
      [/^import \{/m, `import { ${names.camel}Events } from "../services/${name}";\n`],
      [/(?<=^export const eventTypes = \{ )/m, `...${names.camel}Events, `],
    ]),
    addressOf(projectDir, key),
  ].filter((path) => path !== undefined);
  const catalogue = readFileSync(join(projectDir, "stacks/service-catalogue.ts"), "utf8");
  const known = catalogue.includes(`\n  ${key}: {`);
  return { made: Object.keys(files), changed, catalogueEntry: known ? undefined : catalogueEntry(names) };
}

/** Puts each text before the first place that its pattern finds. @returns The path */
function addLine(projectDir: string, path: string, insertions: readonly (readonly [RegExp, string])[]): string {
  const file = join(projectDir, path);
  const text = insertions.reduce(
    (before, [pattern, line]) => {
      const place = pattern.exec(before)?.index;
      if (place === undefined) throw new Error(`${path} has no place for ${line.trim()}`);
      return before.slice(0, place) + line + before.slice(place);
    },
    readFileSync(file, "utf8"),
  );
  writeFileSync(file, text);
  return path;
}

/** Gives the service a port, where the table of addresses has none for it. */
function addressOf(projectDir: string, key: string): string | undefined {
  const path = "contracts/services/addresses.ts";
  if (readFileSync(join(projectDir, path), "utf8").includes(`\n  ${key}: at(`)) return undefined;
  return addLine(projectDir, path, [[/^ {2}[\w"-]+: at\(/m, `  ${key}: at(8000),\n`]]);
}

function wrong(name: string, allowed: string): InputError {
  return new InputError({ path: "name", given: name, allowed, where: "platform new service" });
}
