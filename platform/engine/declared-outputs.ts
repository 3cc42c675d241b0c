import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** An output of a resource type, as the declarations of its SDK have it. */
export interface DeclaredOutput {
  readonly name: string;
  /** The type inside `pulumi.Output<...>`; only its beginning when it goes over several lines. */
  readonly type: string;
}

/** Reads which outputs a resource type has from the SDKs that a program uses. */
export class DeclaredOutputs {
  private readonly known = new Map<string, readonly DeclaredOutput[]>();
  private readonly require: NodeJS.Require;

  /** @param folder A folder of the program; SDKs are looked up from there. */
  constructor(folder: string) {
    this.require = createRequire(join(folder, "package.json"));
  }

  /** Empty for a type whose SDK is not installed. */
  of(type: string): readonly DeclaredOutput[] {
    const known = this.known.get(type);
    if (known !== undefined) return known;
    const found = this.read(type);
    this.known.set(type, found);
    return found;
  }

  private read(type: string): DeclaredOutput[] {
    const [packageName, module = ""] = type.split(":");
    try {
      const manifest = this.require.resolve(`@pulumi/${packageName}/package.json`);
      const declarations = readFileSync(join(manifest, "..", `${module.replace(/^index\//, "")}.d.ts`), "utf8");
      return [...declarations.matchAll(/^ {4}readonly (\w+): pulumi\.Output<(.*?)(?:>;)?$/gm)].map(
        ([, name = "", inner = ""]) => ({ name, type: inner }),
      );
    } catch {
      return [];
    }
  }
}
