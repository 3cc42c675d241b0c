import { request } from "undici";
import { saidIn } from "../api/turns";
import type { Tier } from "../routing/tier";
import type { Turn } from "./recent";

/** Milliseconds that a summary may take; nobody waits for it. */
const summaryMs = 60_000;
const summaryTokens = 160;

/** Tells turns in a few sentences, by the base model of the last tier, behind everything that players wait for. */
export async function summarise(
  tiers: readonly Tier[],
  turns: readonly Turn[],
  before: string | undefined,
): Promise<string> {
  const tier = tiers.at(-1)!;
  const told = turns.map(({ asked, answered }) => `Player: ${asked}\nCharacter: ${answered}`).join("\n");
  const content = `Sum up this conversation in 300 to 600 characters.${before === undefined ? "" : `\nBefore: ${before}`}\n${told}`;
  const { statusCode, body } = await request(`${tier.url}/v1/chat/completions`, {
    method: "POST",
    dispatcher: tier.agent,
    headers: { "content-type": "application/json", "x-priority": "low", "x-deadline-ms": String(summaryMs) },
    body: JSON.stringify({
      model: tier.nameOf("base"),
      max_tokens: summaryTokens,
      messages: [{ role: "user", content }],
    }),
  });
  const text = await body.text();
  // Too long for the model, as a rule.
  if (statusCode === 400 && turns.length > 1) return summarise(tiers, turns.slice(Math.ceil(turns.length / 2)), before);
  if (statusCode !== 200) throw new Error(`the tier answered ${statusCode}`);
  return saidIn(text, false);
}
