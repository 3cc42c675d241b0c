import createClient from "openapi-fetch";
import type { paths } from "./types";

/** The API as its OpenAPI document describes it; `types.ts` is generated from that document (`npm run ai-router:client`). */
export function aiRouterClient(options: { readonly url: string; readonly apiKey: string }) {
  return createClient<paths>({
    baseUrl: options.url.replace(/\/$/, ""),
    headers: { authorization: `Bearer ${options.apiKey}` },
  });
}

export type AiRouterClient = ReturnType<typeof aiRouterClient>;
