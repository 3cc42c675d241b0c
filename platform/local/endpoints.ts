import type { GpuTier } from "../../contracts/archetypes";
import type { LocalPlatform } from "./run/local-platform";
import { router } from "./run/local-platform";
import { knowledgeBase } from "./run/story-memory";

/** An address to use, with a command that works when it is pasted. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
  /** Absent where a browser is the client. */
  readonly curl?: string;
}

/** A question that the samples answer. */
export const sampleQuestion = "Who guards the northern gate?";

/** What a person may use at once, each with one ready command. */
export function endpoints(platform: LocalPlatform): Endpoint[] {
  const { edge, tiers } = platform.parts;
  const [first = "base", second = first] = platform.registry().archetypes.keys();
  const memory = platform.urlOf(knowledgeBase);
  const found: Endpoint[] = [];
  if (memory !== undefined) {
    const key = platform.memoryKey();
    found.push({
      name: "knowledge base",
      url: memory,
      curl: post(`${memory}/search/semantic`, key, { query: sampleQuestion, limit: 3 }),
    });
  }
  if (edge !== undefined && platform.urlOf(router) !== undefined) {
    found.push({
      name: "AI router, through the public edge",
      url: edge.url,
      curl: post(`${edge.url}/v1/chat/completions`, platform.routerKey(), turn(first), "-N "),
    });
  }
  for (const tier of Object.keys(tiers.urls) as GpuTier[]) {
    const url = tiers.urls[tier]!;
    const name = `inference hosts of ${tier}`;
    found.push({ name, url, curl: post(`${url}/v1/chat/completions`, undefined, turn(second), "-N ") });
  }
  if (platform.console !== undefined) found.push({ name: "console", url: platform.console.url });
  return found;
}

const turn = (archetype: string) => ({
  model: `${archetype}/dialogue_style`,
  stream: true,
  messages: [{ role: "user", content: "Who are you?" }],
});

function post(url: string, key: string | undefined, body: object, options = ""): string {
  const header = key === undefined ? "" : ` -H 'x-api-key: ${key}'`;
  return `curl -s ${options}${url}${header} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
}
