import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { LocalSecrets } from "../realise/secrets";
import type { LocalServices } from "./services";

/** The service whose API takes story documents. */
export const knowledgeBase = "knowledge-base";

/** Names under which the data folder keeps the key of this machine, and that the samples are in. */
const kept = { key: "local:knowledge-base-key", samples: "local:samples" };

/** Documents written for this project, so that a first search finds something. */
const samples = join(__dirname, "..", "samples");

/** Turns a minute that the local key allows; the load of the console must not run into it. */
const requestsPerMinute = 100_000;

/**
 * Makes the API key of this machine where there is none; before the service runs, since the embedded database has one user at a time.
 * The knowledge base keeps keys in a table and shows one only once, so it cannot be the secret of the task definition.
 */
export async function ensureKey(services: LocalServices, secrets: LocalSecrets): Promise<void> {
  if (secrets.get(kept.key) !== undefined) return;
  const name = `local-${randomUUID().slice(0, 8)}`;
  const permissions = "read,write,admin";
  const rate = String(requestsPerMinute);
  const args = ["keys", "create", name, "--permissions", permissions, "--rate", rate, "--json"];
  secrets.set(kept.key, (JSON.parse(await services.runOnce(knowledgeBase, args)) as { key: string }).key);
  secrets.save();
}

/** The key of this machine; undefined before the knowledge base has run here. */
export const localKey = (secrets: LocalSecrets): string | undefined => secrets.get(kept.key);

/** Has the key and the samples made again at the next start: their database is gone. */
export function forgetStories(secrets: LocalSecrets): void {
  secrets.delete(kept.key);
  secrets.delete(kept.samples);
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
  if (secrets.get(kept.samples) !== undefined) return undefined;
  const args = ["ingest", samples, "--source", "samples", "--url", url];
  const output = await services.runOnce(knowledgeBase, args, { KB_API_KEY: localKey(secrets) });
  secrets.set(kept.samples, "ingested");
  secrets.save();
  return output.trim().split("\n")[0];
}
