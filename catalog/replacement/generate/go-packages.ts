import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type GoBody, goTokens, readBody } from "./go-expressions";

/** A function of the provider, or a method, which is named `type.method`. */
export interface GoFunction {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly text: string;
  readonly body: GoBody;
  readonly imports: ReadonlyMap<string, string>;
}

const internal = "github.com/hashicorp/terraform-provider-aws/internal/";

/** Reads the functions of the provider's packages when they are asked for. */
export class GoPackages {
  private readonly loaded = new Map<string, ReadonlyMap<string, GoFunction>>();

  /** @param root Folder of the provider's `internal` packages, as files of Go or one file (`.goindex`) a declaration. */
  constructor(private readonly root: string) {}

  services(): string[] {
    return readdirSync(join(this.root, "service"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `service/${name}`)
      .sort();
  }

  /** The functions of a package by name. */
  functions(folder: string): ReadonlyMap<string, GoFunction> {
    const known = this.loaded.get(folder);
    if (known !== undefined) return known;
    const found = new Map<string, GoFunction>();
    for (const file of this.files(folder)) {
      for (const one of functionsOf(readFileSync(join(this.root, folder, file), "utf8"))) found.set(one.name, one);
    }
    this.loaded.set(folder, found);
    return found;
  }

  /** A function by the name that another one calls it by: its own package's, or `alias.Name` of an import. */
  called(from: { readonly folder: string; readonly imports: ReadonlyMap<string, string> }, callee: string) {
    const [alias, name] = callee.split(".");
    if (name === undefined) return this.at(from.folder, alias!);
    const path = from.imports.get(alias!);
    if (path?.startsWith(internal) !== true) return undefined;
    return this.at(path.slice(internal.length), name);
  }

  private at(folder: string, name: string): { readonly folder: string; readonly declared: GoFunction } | undefined {
    const declared = this.functions(folder).get(name);
    return declared === undefined ? undefined : { folder, declared };
  }

  private files(folder: string): string[] {
    try {
      return readdirSync(join(this.root, folder)).filter(
        (name) => /\.(go|goindex)$/.test(name) && !name.endsWith("_test.go") && !name.startsWith("const."),
      );
    } catch {
      return [];
    }
  }
}

/** The structs that a struct embeds are how its methods may be another's. */
export const embeddedKey = (type: string): string => `${type}.<embedded>`;

function functionsOf(source: string): GoFunction[] {
  const imports = importsOf(source);
  const made = [
    ...source.matchAll(/^func (?:\((?:\w+ )?\*?(\w+)(?:\[[^\]]*\])?\) )?(\w+)(?:\[.*?\])?\(([^)]*)\)/gm),
  ].map((match) => {
    const [, receiver, name, parameters] = match;
    const end = source.indexOf("\n}", match.index);
    const text = source.slice(match.index, end < 0 ? undefined : end + 2);
    const start = (/\{[^\n{}]*\n/.exec(text)?.index ?? -1) + 1;
    let body: GoBody | undefined;
    return {
      name: receiver === undefined ? name! : `${receiver}.${name}`,
      parameters: parameterNames(parameters!),
      text,
      imports,
      get body() {
        body ??= readBody(goTokens(text.slice(start, -2)));
        return body;
      },
    };
  });
  const structs = [...source.matchAll(/^type (\w+)(?:\[[^\]]*\])? struct \{\n([\s\S]*?)\n\}/gm)].map(
    ([, name, fields]) => ({
      name: embeddedKey(name!),
      parameters: [],
      text: [...fields!.matchAll(/^\t\*?([\w.]+)(?:\[.*\])?$/gm)].map(([, type]) => type).join(" "),
      body: { assignments: [], returned: [] },
      imports,
    }),
  );
  return [...made, ...structs, ...variablesOf(source, imports)];
}

/** Package variables and constants, as functions that return their value: some schemas are declared so. */
function variablesOf(source: string, imports: ReadonlyMap<string, string>): GoFunction[] {
  const groups = [...source.matchAll(/^(?:var|const) \(\n([\s\S]*?)^\)/gm)].map(([, group]) => group!);
  const alone = [...source.matchAll(/^(?:var|const) (?=\w)/gm)].map(
    ({ index }) => `\t${source.slice(index).replace(/^\w+ /, "")}`,
  );
  // An index of one declaration a file keeps the tab of the group and drops the rest.
  const cut = /^(?:\)|package .*)\n+(\t\w+(?: [\w.*[\]]+)?\s+= [\s\S]*)/m.exec(source)?.[1];
  return [...groups, ...alone.map((text) => text), ...(cut === undefined ? [] : [cut])].flatMap((text) =>
    [...text.matchAll(/^\t(\w+)(?: [\w.*[\]]+)?\s+= /gm)].map((match) => {
      let body: GoBody | undefined;
      const rest = text.slice(match.index + match[0].length);
      return {
        name: match[1]!,
        parameters: [],
        text: "",
        imports,
        get body() {
          body ??= { assignments: [], returned: readBody(["return", ...goTokens(rest)]).returned.slice(0, 1) };
          return body;
        },
      };
    }),
  );
}

/** Names only; `a, b string` gives both. */
function parameterNames(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim().split(/\s+/)[0]!)
    .filter((name) => name !== "");
}

function importsOf(source: string): ReadonlyMap<string, string> {
  const block = /^import \(([\s\S]*?)^\)/m.exec(source)?.[1] ?? "";
  return new Map(
    [...block.matchAll(/^\s*(?:(\w+)\s+)?"([^"]+)"/gm)].map(([, alias, path]) => [
      alias ?? path!.split("/").at(-1)!,
      path!,
    ]),
  );
}
