import type { Session } from "../database/types";
import type { Embedder } from "./embedder";
import {
  hashedSize,
  latentSize,
  type StatisticalEncoder,
  type StatisticalModel,
  statisticalEncoder,
} from "./statistical-model";

export const statisticalName = "statistical";

/**
 * The embedder of earlier releases, trained on what a memory told: latent semantic analysis (Deerwester et al. 1990). It answers, and
 * embeds what comes, until such a memory is indexed anew.
 */
export function statisticalEmbedder(model: StatisticalModel): Embedder {
  const encoder: StatisticalEncoder = statisticalEncoder(model);
  return {
    name: statisticalName,
    version: model.version,
    dimensions: latentSize + hashedSize,
    batchSize: 32,
    costly: false,
    // Yields between batches through the awaits of its caller; one batch takes about 20 ms.
    embed: async (texts) => texts.map((text) => encoder.encode(text)),
  };
}

/** Reads a stored model; undefined when there is none of that version. */
export async function loadModel(session: Session, version: string): Promise<StatisticalModel | undefined> {
  const { rows } = await session.query<{ data: Uint8Array }>("SELECT data FROM embedder_models WHERE version = $1", [
    version,
  ]);
  return rows[0] === undefined ? undefined : unpackModel(rows[0].data);
}

/** The model's form in the table: length of the header in four bytes, the header as JSON, idf, factors. */
export function unpackModel(data: Uint8Array): StatisticalModel {
  const bytes = Buffer.from(data);
  const size = bytes.readUInt32LE(0);
  const header = JSON.parse(bytes.toString("utf8", 4, 4 + size)) as Pick<
    StatisticalModel,
    "version" | "trainedOn" | "rank" | "terms"
  >;
  // Float32Array needs an aligned start, which a slice of a buffer does not have.
  const numbers = new Float32Array(new Uint8Array(bytes.subarray(4 + size)).buffer);
  const count = header.terms.length;
  return { ...header, idf: numbers.slice(0, count), factors: numbers.slice(count) };
}
