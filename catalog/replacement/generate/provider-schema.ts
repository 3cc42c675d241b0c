import { type GoEntry, type GoExpression, readBody } from "./go-expressions";
import { embeddedKey, type GoFunction, type GoPackages } from "./go-packages";

/** How a change of an attribute is made: in place, by a replacement, by one that depends on the values, or not known. */
export type Change = "inPlace" | "replaces" | "replacesWhenSet" | "depends" | "unknown";

/** An attribute or block of a resource, by the provider's own schema. */
export interface Attribute {
  readonly change: Change;
  /** True for what a program may set. */
  readonly input: boolean;
  /** True for what the cloud keeps when a program leaves it out. */
  readonly computed?: boolean;
  readonly set: boolean;
  readonly nested?: Schema;
}

/** Attributes by their squashed names; see `squash`. */
export type Schema = ReadonlyMap<string, Attribute>;

export interface ResourceSchema {
  readonly type: string;
  /** `service/function` that declares it. */
  readonly source: string;
  readonly schema: Schema;
  /** Squashed names of the attributes that code beside the schema may replace for. */
  readonly depends: readonly string[];
  /** True when such code names an attribute that could not be read. */
  readonly dependsOnMore: boolean;
}

/**
 * A name without case and separators. The provider's constants (`names.AttrKMSKeyID`), its texts (`kms_key_id`) and the SDK's
 * properties (`kmsKeyId`) are the same then.
 */
export const squash = (name: string): string =>
  name
    .replace(/^names\.Attr/, "")
    .replace(/[^A-Za-z0-9]/g, "")
    .toLowerCase();

interface Place {
  readonly folder: string;
  readonly imports: ReadonlyMap<string, string>;
  readonly bound: ReadonlyMap<string, GoExpression>;
  readonly depth: number;
}

/** Thrown where a schema is written in a way that is not understood; its type is then left out. */
export class Unreadable extends Error {}

/** Every resource that the provider registers and whose schema can be read, with the reasons for those that cannot. */
export function readProvider(packages: GoPackages): {
  readonly resources: readonly ResourceSchema[];
  readonly unreadable: ReadonlyMap<string, string>;
} {
  const resources: ResourceSchema[] = [];
  const unreadable = new Map<string, string>();
  for (const folder of packages.services()) {
    const functions = packages.functions(folder);
    for (const method of ["servicePackage.SDKResources", "servicePackage.FrameworkResources"]) {
      const registered = functions.get(method)?.text ?? "";
      for (const [, factory, type] of registered.matchAll(/Factory:\s+(\w+),\s+TypeName:\s+"(\w+)"/g)) {
        try {
          const reader = new Reader(packages, folder, functions);
          resources.push(method.includes("SDK") ? reader.sdk(type!, factory!) : reader.framework(type!, factory!));
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          unreadable.set(type!, error.message);
        }
      }
    }
  }
  return { resources, unreadable };
}

class Reader {
  constructor(
    private readonly packages: GoPackages,
    private readonly folder: string,
    private readonly functions: ReadonlyMap<string, GoFunction>,
  ) {}

  /** A resource of the older plugin SDK: a function that returns `schema.Resource`. */
  sdk(type: string, factory: string): ResourceSchema {
    const declared = this.function(factory);
    const { value, place } = this.followed(this.returned(declared, this.folder, new Map(), 0));
    const fields = fieldsOf(value, "schema.Resource");
    const schema = new Map(this.sdkSchema(fields, place));
    for (const { target, value: added } of declared.body.assignments) {
      const key = /\.Schema\["(\w+)"\]$/.exec(target)?.[1];
      if (key !== undefined) schema.set(squash(key), this.sdkAttribute(added, place));
    }
    const code = this.reachable(/CustomizeDiff:([\s\S]*)/.exec(declared.text)?.[1] ?? "", new Set());
    return { type, source: `${this.folder}/${factory}`, schema, ...this.dependsOf(code) };
  }

  /** A resource of the newer framework: a struct with the methods `Schema` and `ModifyPlan`. */
  framework(type: string, factory: string): ResourceSchema {
    const made = [...this.function(factory).text.matchAll(/&?\b(\w+)(?:\[[^\]]*\])?\{/g)].map(([, name]) => name!);
    const struct = made.find((name) => this.method(name, "Schema") !== undefined);
    if (struct === undefined) throw new Unreadable(`${factory} makes no struct with a schema`);
    const declared = this.method(struct, "Schema")!;
    const bound = boundBy(declared);
    const assigned = declared.body.assignments.find(({ target }) => /^(resp|response)\.Schema$/.test(target));
    if (assigned === undefined) throw new Unreadable(`${struct}.Schema assigns none`);
    const place: Place = { folder: this.folder, imports: declared.imports, bound, depth: 0 };
    const schema = new Map(this.frameworkSchema(this.resolve(assigned.value, place), place));
    for (const { target, value } of declared.body.assignments) {
      const key = /\.(?:Blocks|Attributes)\["(\w+)"\]$/.exec(target)?.[1];
      if (key !== undefined) schema.set(squash(key), this.frameworkAttribute(value, place));
    }
    const plan = this.method(struct, "ModifyPlan")?.text ?? "";
    const code = this.reachable(plan, new Set());
    const found = this.dependsOf(code);
    return { type, source: `${this.folder}/${struct}`, schema, ...found };
  }

  private method(struct: string, name: string): GoFunction | undefined {
    const own = this.functions.get(`${struct}.${name}`);
    if (own !== undefined) return own;
    const embedded = this.functions.get(embeddedKey(struct))?.text.split(" ") ?? [];
    for (const type of embedded) {
      const found = type === "" ? undefined : this.functions.get(`${type}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private function(name: string): GoFunction {
    const found = this.functions.get(name);
    if (found === undefined) throw new Unreadable(`no function ${name}`);
    return found;
  }

  /** The attributes that code beside a schema replaces for, by the calls that say so. */
  private dependsOf(code: string): { readonly depends: readonly string[]; readonly dependsOnMore: boolean } {
    const attribute = String.raw`(?:"([\w.]+)"|(names\.Attr\w+)|(\w+))`;
    const forced = new RegExp(String.raw`\.ForceNew(?:If|IfChange)?\(\s*${attribute}`, "g");
    const planned = new RegExp(String.raw`RequiresReplace\s*[=:][\s\S]{0,200}?path\.Root\(${attribute}`, "g");
    const all = [...code.matchAll(forced), ...code.matchAll(planned)].map(([, text, constant, name]) => {
      if (text !== undefined) return text.split(".")[0]!;
      if (constant !== undefined) return constant;
      const value = this.functions.get(name!)?.body.returned[0];
      return value?.kind === "text" ? value.value : undefined;
    });
    const known = all.flatMap((name) => (name === undefined ? [] : [squash(name)]));
    return { depends: [...new Set(known)].sort(), dependsOnMore: all.includes(undefined) };
  }

  /** Text of the code and of every function of the package that it names. */
  private reachable(text: string, seen: Set<string>): string {
    const named = [...text.matchAll(/\b([a-z]\w+)\b/g)].map(([, name]) => name!);
    const called = [...new Set(named)].filter((name) => this.functions.has(name) && !seen.has(name));
    for (const name of called) seen.add(name);
    return [text, ...called.map((name) => this.reachable(this.functions.get(name)!.text, seen))].join("\n");
  }

  /** What a function returns, with its variables and arguments put in. */
  private returned(
    declared: GoFunction,
    folder: string,
    given: ReadonlyMap<string, GoExpression>,
    depth: number,
  ): { readonly value: GoExpression; readonly place: Place } {
    if (depth > 12) throw new Unreadable(`${declared.name} calls itself`);
    const bound = new Map([...given, ...boundBy(declared)]);
    const place: Place = { folder, imports: declared.imports, bound, depth };
    const value = declared.body.returned.at(-1);
    if (value === undefined) throw new Unreadable(`${declared.name} returns nothing`);
    return { value: this.resolve(value, place), place };
  }

  private followed(one: { readonly value: GoExpression; readonly place: Place }): {
    readonly value: GoExpression;
    readonly place: Place;
  } {
    return one.value.kind === "call" ? this.followed(this.call(one.value, one.place)) : one;
  }

  /** Follows names to what they are bound to; calls are followed by `call`. */
  private resolve(value: GoExpression, place: Place): GoExpression {
    const to = value.kind === "name" ? place.bound.get(value.value) : undefined;
    return to === undefined || to === value ? value : this.resolve(to, place);
  }

  /** A function or variable of a package that is named and not called is what a call of it gives. */
  private variable(value: GoExpression, place: Place): GoExpression {
    if (value.kind !== "name" || this.packages.called(place, value.value) === undefined) return value;
    return { kind: "call", callee: value.value, arguments: [] };
  }

  private call(
    value: GoExpression & { readonly kind: "call" },
    place: Place,
  ): { readonly value: GoExpression; readonly place: Place } {
    const first = value.arguments[0] ?? { kind: "other" };
    if (value.callee === "" || value.callee === "sync.OnceValue") {
      if (first.kind === "function") return this.inline(first, place);
      if (first.kind === "call") return this.call(first, place);
      if (first.kind === "name") return this.call({ kind: "call", callee: first.value, arguments: [] }, place);
    }
    const local = place.bound.get(value.callee);
    if (local?.kind === "function") return this.inline(local, place);
    if (value.callee === "maps.Clone") return { value: this.resolve(first, place), place };
    const found = this.packages.called(place, value.callee);
    if (found === undefined) throw new Unreadable(`calls ${value.callee || "a function"}`);
    const given = found.declared.parameters.map(
      (name, index) => [name, this.resolve(value.arguments[index] ?? { kind: "other" }, place)] as const,
    );
    return this.returned(found.declared, found.folder, new Map(given), place.depth + 1);
  }

  private inline(value: GoExpression & { readonly kind: "function" }, place: Place) {
    const body = readBody(value.body);
    const bound = new Map([...place.bound, ...body.assignments.map(({ target, value: to }) => [target, to] as const)]);
    const inner: Place = { ...place, bound, depth: place.depth + 1 };
    const returned = body.returned.at(-1);
    if (returned === undefined) throw new Unreadable("a function returns nothing");
    return { value: this.resolve(returned, inner), place: inner };
  }

  private sdkSchema(fields: Fields, place: Place): Schema {
    const written = fields.get("Schema") ?? fields.get("SchemaFunc");
    if (written === undefined) return new Map();
    return this.sdkMap(this.resolve(written, place), place);
  }

  private sdkMap(written: GoExpression, place: Place): Schema {
    const value = this.variable(written, place);
    if (value.kind === "function") {
      const inner = this.inline(value, place);
      return this.sdkMap(inner.value, inner.place);
    }
    if (value.kind === "call") {
      const inner = this.call(value, place);
      return this.sdkMap(inner.value, inner.place);
    }
    if (value.kind !== "literal") throw new Unreadable(`a schema is a ${value.kind}`);
    return this.entries(value.entries, place, (entry) => this.sdkAttribute(this.resolve(entry, place), place));
  }

  private sdkAttribute(written: GoExpression, place: Place): Attribute {
    const value = this.variable(written, place);
    if (value.kind === "function") {
      const inner = this.inline(value, place);
      return this.sdkAttribute(inner.value, inner.place);
    }
    if (value.kind === "call") {
      const inner = this.call(value, place);
      return this.sdkAttribute(inner.value, inner.place);
    }
    const fields = fieldsOf(value, "schema.Schema");
    const is = (name: string): boolean => {
      const field = fields.get(name);
      const set = field === undefined ? undefined : this.resolve(field, place);
      if (set === undefined) return false;
      if (set.kind !== "name" || !/^(true|false)$/.test(set.value))
        throw new Unreadable(`${name} is not true or false`);
      return set.value === "true";
    };
    const type = fields.get("Type");
    const nested = this.sdkNested(fields.get("Elem"), place);
    return {
      change: is("ForceNew") ? (is("Computed") ? "replacesWhenSet" : "replaces") : "inPlace",
      input: is("Optional") || is("Required"),
      computed: is("Computed"),
      set: type?.kind === "name" && type.value === "schema.TypeSet",
      ...(nested === undefined ? {} : { nested }),
    };
  }

  /** Reads each attribute; one that is written in a way that is not understood is not known, the others are. */
  private entries(entries: readonly GoEntry[], place: Place, read: (value: GoExpression) => Attribute): Schema {
    return new Map(
      entries.map(({ key, value }): [string, Attribute] => {
        const name = this.keyOf(key, place);
        try {
          return [name, read(value)];
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          return [name, { change: "unknown", input: true, set: false }];
        }
      }),
    );
  }

  /** The name of an attribute: a text, a constant of the provider, or one of the package. */
  private keyOf(key: GoExpression | undefined, place: Place): string {
    if (key?.kind === "text") return squash(key.value);
    if (key?.kind !== "name") throw new Unreadable("an attribute has a name that is made up");
    const constant = this.packages.called(place, key.value)?.declared.body.returned[0];
    return squash(constant?.kind === "text" ? constant.value : key.value);
  }

  private sdkNested(written: GoExpression | undefined, place: Place): Schema | undefined {
    if (written === undefined) return undefined;
    const value = this.variable(this.resolve(written, place), place);
    if (value.kind === "function") {
      const inner = this.inline(value, place);
      return this.sdkNested(inner.value, inner.place);
    }
    if (value.kind === "call") {
      const inner = this.call(value, place);
      return this.sdkNested(inner.value, inner.place);
    }
    if (value.kind !== "literal") return undefined;
    return value.type.endsWith("schema.Resource")
      ? this.sdkSchema(fieldsOf(value, "schema.Resource"), place)
      : undefined;
  }

  private frameworkSchema(written: GoExpression, place: Place): Schema {
    const value = this.variable(written, place);
    if (value.kind === "call") {
      const inner = this.call(value, place);
      return this.frameworkSchema(inner.value, inner.place);
    }
    const fields = fieldsOf(value, "");
    const parts = ["Attributes", "Blocks"].map((name) => {
      const written = fields.get(name);
      return written === undefined ? new Map() : this.frameworkMap(this.resolve(written, place), place);
    });
    return new Map(parts.flatMap((part) => [...part]));
  }

  private frameworkMap(written: GoExpression, place: Place): Schema {
    const value = this.variable(written, place);
    if (value.kind === "call") {
      const inner = this.call(value, place);
      return this.frameworkMap(inner.value, inner.place);
    }
    if (value.kind !== "literal") throw new Unreadable(`attributes are a ${value.kind}`);
    return this.entries(value.entries, place, (entry) => this.frameworkAttribute(this.resolve(entry, place), place));
  }

  private frameworkAttribute(written: GoExpression, place: Place): Attribute {
    const value = this.variable(written, place);
    if (value.kind === "call") {
      const known = knownCalls(value);
      if (known !== undefined) return known;
      const inner = this.call(value, place);
      return this.frameworkAttribute(inner.value, inner.place);
    }
    if (value.kind !== "literal") throw new Unreadable(`an attribute is a ${value.kind}`);
    const fields = fieldsOf(value, "");
    const object = fields.get("NestedObject");
    const single = /Single\w+$/.test(value.type) ? this.frameworkSchema(value, place) : undefined;
    const nested = object === undefined ? single : this.frameworkSchema(this.resolve(object, place), place);
    const block = /Block$/.test(value.type);
    const is = (name: string): boolean => {
      const field = fields.get(name);
      const set = field === undefined ? undefined : this.resolve(field, place);
      return set?.kind === "name" && set.value === "true";
    };
    return {
      change: changeOf(fields.get("PlanModifiers"), (one) => this.resolve(one, place)),
      input: block || is("Optional") || is("Required"),
      set: /\.Set\w+$/.test(value.type),
      ...(nested === undefined ? {} : { nested }),
    };
  }
}

type Fields = ReadonlyMap<string, GoExpression>;

function fieldsOf(value: GoExpression, type: string): Fields {
  if (value.kind !== "literal") throw new Unreadable(`${type || "a literal"} is a ${value.kind}`);
  return new Map(
    value.entries.flatMap(({ key, value: field }) => (key?.kind === "name" ? [[key.value, field] as const] : [])),
  );
}

function boundBy({ body }: GoFunction): Map<string, GoExpression> {
  return new Map(
    body.assignments.filter(({ target }) => /^\w+$/.test(target)).map(({ target, value }) => [target, value]),
  );
}

/** Attributes that the provider's own helpers make: what only the cloud sets, and timeouts. */
function knownCalls({ callee, arguments: given }: GoExpression & { readonly kind: "call" }): Attribute | undefined {
  if (/^timeouts\./.test(callee)) return { change: "inPlace", input: false, set: false };
  if (/^framework\.Resource\w*ListOfObjectsAttribute$/.test(callee)) {
    return { change: changeOfAny(given), input: callee.includes("Optional"), set: false };
  }
  return undefined;
}

function changeOf(written: GoExpression | undefined, resolve: (value: GoExpression) => GoExpression): Change {
  if (written === undefined) return "inPlace";
  const list = resolve(written);
  if (list.kind !== "literal") throw new Unreadable("plan modifiers are not a list");
  return changeOfAny(list.entries.map(({ value }) => value));
}

function changeOfAny(modifiers: readonly GoExpression[]): Change {
  const calls = modifiers.map((value) => (value.kind === "call" ? value.callee : ""));
  if (calls.some((name) => /\.RequiresReplace$/.test(name))) return "replaces";
  if (calls.some((name) => /\.RequiresReplaceIfConfigured$/.test(name))) return "replacesWhenSet";
  return calls.some((name) => /Replace/i.test(name)) ? "depends" : "inPlace";
}
