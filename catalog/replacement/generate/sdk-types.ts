import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A property that a program may set, as the SDK declares it. */
export interface SdkProperty {
  readonly name: string;
  readonly optional: boolean;
  readonly list: boolean;
  /** Key of `SdkTypes.nested`; absent for plain values. */
  readonly type?: string;
}

export interface SdkTypes {
  /** Properties of each resource by its type token. */
  readonly resources: ReadonlyMap<string, readonly SdkProperty[]>;
  /** Properties of the objects inside resources, by `module.Type`. */
  readonly nested: ReadonlyMap<string, readonly SdkProperty[]>;
}

/** Reads the declarations of a Pulumi SDK. @param folder Where the package is installed. */
export function readSdk(folder: string): SdkTypes {
  const resources = new Map<string, readonly SdkProperty[]>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const file = join(path, entry.name);
      if (entry.isDirectory() && entry.name !== "types" && entry.name !== "node_modules") walk(file);
      if (!entry.name.endsWith(".js")) continue;
      const token = /__pulumiType = '([^']+)'/.exec(readFileSync(file, "utf8"))?.[1];
      if (token === undefined) continue;
      const name = token.split(":").at(-1)!;
      const text = readFileSync(file.replace(/\.js$/, ".d.ts"), "utf8");
      resources.set(token, propertiesOf(text, `export interface ${name}Args {`));
    }
  };
  walk(folder);
  return { resources, nested: readNested(readFileSync(join(folder, "types", "input.d.ts"), "utf8")) };
}

function readNested(text: string): ReadonlyMap<string, readonly SdkProperty[]> {
  const nested = new Map<string, readonly SdkProperty[]>();
  for (const part of text.split(/^export declare namespace /m).slice(1)) {
    const module = /^\w+/.exec(part)![0];
    for (const [, name, body] of part.matchAll(/^ {4}interface (\w+) \{\n([\s\S]*?)^ {4}\}/gm)) {
      nested.set(`${module}.${name}`, readProperties(body!, 8));
    }
  }
  return nested;
}

function propertiesOf(text: string, head: string): SdkProperty[] {
  const start = text.indexOf(head);
  if (start < 0) return [];
  return readProperties(text.slice(start + head.length, text.indexOf("\n}", start)), 4);
}

function readProperties(body: string, indent: number): SdkProperty[] {
  const line = new RegExp(`^ {${indent}}(\\w+)(\\??): (.*)`, "gm");
  return [...body.replace(/\/\*\*[\s\S]*?\*\//g, "").matchAll(line)].map(([, name, mark, written]) => {
    const type = /inputs\.([\w.]+)/.exec(written!)?.[1];
    return {
      name: name!,
      optional: mark === "?",
      list: written!.includes("[]"),
      ...(type === undefined ? {} : { type }),
    };
  });
}
