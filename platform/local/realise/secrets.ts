import { randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "../run/write-whole";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Random values of this data folder, made once and kept in a file that only its owner may read. */
export class LocalSecrets {
  readonly #values: Map<string, string>;

  /** @param file Where they are kept; made when it is not there. */
  constructor(private readonly file: string) {
    const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>) : {};
    this.#values = new Map(Object.entries(known));
  }

  /** The value kept under a name. @param length Letters and digits of one that is made now. */
  value(name: string, length: number): string {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const made = Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
    this.#values.set(name, made);
    return made;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }

  /** Writes what is there to the file, whole or not at all. */
  save(): void {
    writeWhole(this.file, `${JSON.stringify(Object.fromEntries([...this.#values].sort()), undefined, 2)}\n`, 0o600);
  }
}
