import createClient from "openapi-fetch";
import type { paths } from "./types";

/** The API as its OpenAPI document describes it; `types.ts` is generated from that document (`npm run kb:client`). */
export function knowledgeBaseClient(options: { url: string; apiKey: string; timeoutMs?: number }) {
  return createClient<paths>({
    baseUrl: options.url.replace(/\/$/, ""),
    headers: { "x-api-key": options.apiKey },
    fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(options.timeoutMs ?? 60_000) }),
  });
}

export type KnowledgeBaseClient = ReturnType<typeof knowledgeBaseClient>;
