import { join } from "node:path";
import { serviceAddresses } from "../../../contracts/services/addresses";
import type { LocalSecrets } from "../realise/secrets";
import type { LocalServices } from "./services";

/** The service whose API takes story documents. */
export const knowledgeBase = "knowledge-base";

/** Name under which the data folder keeps that the samples are in. */
const keptSamples = "local:samples";

/** Documents written for this project, so that a first search finds something. */
const samples = join(__dirname, "..", "samples");

/** Has the samples brought again at the next start: their database is gone. */
export function forgetStories(secrets: LocalSecrets): void {
  secrets.delete(keptSamples);
  secrets.save();
}

/**
 * Brings the samples into the canon, through the API, with the progress bar of `kb ingest` on a terminal. Once for each data folder.
 * @returns What was done, in one line; undefined where it was done before.
 */
export async function ingestSamples(
  services: LocalServices,
  secrets: LocalSecrets,
  url: string,
): Promise<string | undefined> {
  if (secrets.get(keptSamples) !== undefined) return undefined;
  const args = ["ingest", samples, "--source", "samples", "--url", url];
  const output = await services.runOnce(knowledgeBase, args, {
    KB_API_KEY: services.secretOf(knowledgeBase, "API_KEY"),
  });
  secrets.set(keptSamples, "ingested");
  secrets.save();
  return output.trim().split("\n")[0];
}

/** What the knowledge base embeds texts with, as its health says. */
export async function embedderOf(url: string): Promise<string> {
  const reply = await fetch(`${url}${serviceAddresses[knowledgeBase].health}`);
  const { embedder } = (await reply.json()) as { embedder?: string };
  return embedder ?? "unknown";
}
