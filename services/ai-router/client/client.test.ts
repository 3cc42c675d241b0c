import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openApiDocument } from "../api/openapi";
import { ownKey, startTestRouter } from "../testing/start";
import { startTierDouble } from "../testing/tier-double";
import { aiRouterClient } from "./client";
import type { components } from "./types";

type ChatCompletion = components["schemas"]["ChatCompletion"];

describe("the OpenAPI document of the router", () => {
  it("is the one that is committed", () => {
    const committed = JSON.parse(readFileSync(join(__dirname, "openapi.json"), "utf8")) as unknown;
    assert.deepEqual(committed, JSON.parse(JSON.stringify(openApiDocument())), "run npm run ai-router:client");
  });

  it("serves its typed client", async () => {
    const silver = await startTierDouble("silver");
    const running = await startTestRouter({ tiers: { SILVER_URL: silver.url } });
    try {
      const client = aiRouterClient({ url: running.url, apiKey: ownKey });
      const { data, response } = await client.POST("/v1/npc/turns", {
        body: { archetype: "lich", npc_id: "morr", message: "hello", latency_budget_ms: 500 },
      });
      assert.equal(response.headers.get("x-ai-router-tier"), "silver");
      const answer: ChatCompletion | undefined = typeof data === "object" ? data : undefined;
      assert.equal(answer?.choices[0]?.message.content, "silver: user: hello");
      assert.equal(answer?.usage.completion_tokens, 2);
      assert.deepEqual(
        await (await fetch(`${running.url}/openapi.json`)).json(),
        JSON.parse(JSON.stringify(openApiDocument())),
      );
    } finally {
      await running.close();
      await silver.close();
    }
  });
});
