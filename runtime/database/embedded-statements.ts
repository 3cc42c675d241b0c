import type { PGlite } from "@electric-sql/pglite";
import type { QueryResult } from "./types";

type Package = typeof import("@electric-sql/pglite");
type Messages = Parameters<Package["parse"]["parseResults"]>[0];

/** A statement that the engine has parsed. */
interface Parsed {
  /** Empty for one that the next replaces. */
  readonly name: string;
  /** Type of each parameter, as the number that serializers are listed under. */
  readonly parameters: readonly number[];
  /** What the engine said of the statement: results are read by it. */
  readonly described: Messages;
}

/**
 * Runs statements on PGlite by the extended protocol. PGlite's own `query` parses and plans a statement each time, and sends bytes
 * as text whatever the parameter's type; here a statement can be kept, and bytes go as they are, as `pg` sends them.
 */
export class EmbeddedStatements {
  readonly #kept = new Map<string, Parsed>();

  constructor(
    private readonly pglite: Package,
    private readonly database: PGlite,
  ) {}

  /** @param keep Whether the statement comes again, and is to be parsed and planned only once */
  run(text: string, values: readonly unknown[], keep: boolean): Promise<QueryResult<unknown>> {
    return this.database.runExclusive(async () => {
      const { name, parameters, described } = this.#kept.get(text) ?? (await this.#parse(text, keep));
      const { bind, execute } = this.pglite.protocol.serialize;
      const bound = bind({
        statement: name,
        values: values.map((value, at) => this.#serialized(value, parameters[at] as number)),
      });
      const messages = await this.#send(bound, execute({}));
      const [result] = this.pglite.parse.parseResults([...described, ...messages], this.database.parsers);
      const { rows = [], affectedRows = 0 } = result ?? {};
      return { rows, count: rows.length > 0 ? rows.length : affectedRows };
    });
  }

  async #parse(text: string, keep: boolean): Promise<Parsed> {
    const { parse, describe } = this.pglite.protocol.serialize;
    const name = keep ? `kept_${this.#kept.size}` : "";
    const described = await this.#send(parse({ name, text }), describe({ type: "S", name }));
    const parsed = { name, parameters: this.pglite.parse.parseDescribeStatementResults(described), described };
    if (keep) this.#kept.set(text, parsed);
    return parsed;
  }

  #serialized(value: unknown, type: number) {
    if (value === null || value === undefined) return null;
    if (value instanceof Uint8Array) return value;
    return (this.database.serializers[type] ?? String)(value) as string;
  }

  /** Sends messages and the one that ends them, after which the engine takes the next even if one of these failed. */
  #send(...messages: readonly Uint8Array[]): Promise<Messages> {
    const all = Buffer.concat([...messages, this.pglite.protocol.serialize.sync()]);
    return this.database.execProtocolStream(new Uint8Array(all), { syncToFs: false });
  }
}
