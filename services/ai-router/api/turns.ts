import { z } from "zod";
import { adapterTasks, archetypes } from "../../../contracts/archetypes";

const text = (most: number) => z.string().min(1).max(most);
/** Bytes of a card at most, and of what is said in a turn. */
const cardLength = 2_048;
const sayLength = 8_192;

/** How a game may name a character. */
export const npcId = /^[\w.:-]{1,128}$/;
export const npcIdText = "1 to 128 letters, digits and . _ : -";

/** A turn of a character: what the player says, to whom, and how soon the answer is wanted. */
export const turnSchema = z.strictObject({
  archetype: z.enum(archetypes),
  npc_id: z.string().regex(npcId, npcIdText),
  message: text(sayLength),
  /** Steps that the inference host runs in order on one node. */
  chain: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/, "the name of a chain")
    .optional(),
  /** One adapter instead of a chain. */
  task: z.enum(adapterTasks).optional(),
  /** In place of what is remembered; the newest last. */
  turns: z
    .array(z.strictObject({ asked: text(sayLength), answered: text(sayLength) }))
    .max(100)
    .optional(),
  cards: z.strictObject({ relationship: text(cardLength).optional(), quest: text(cardLength).optional() }).optional(),
  /** Milliseconds until the first token: below 100 Gold is asked, else Silver. */
  latency_budget_ms: z.int().min(1).max(600_000).optional(),
  priority: z.enum(["high", "normal", "low"]).optional(),
  max_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  stream: z.boolean().optional(),
});
export type TurnRequest = z.infer<typeof turnSchema>;

/** The chain that answers where a turn names neither chain nor task. */
const defaultChain = "npc_turn";

/** The model of the inference host that a turn asks for. */
export function modelOfTurn({ archetype, chain, task }: TurnRequest): string {
  return task === undefined ? `${archetype}/chain/${chain ?? defaultChain}` : `${archetype}/${task}`;
}

/** The text of an answer: a whole one, or the chunks of a stream put together. */
export function textOfAnswer(body: string, stream: boolean): string {
  if (!stream) return contentOf(body);
  return body
    .split("\n\n")
    .map((event) => (event.startsWith("data: {") ? contentOf(event.slice(6)) : ""))
    .join("");
}

function contentOf(json: string): string {
  try {
    const { choices = [] } = JSON.parse(json) as Answer;
    return choices[0]?.delta?.content ?? choices[0]?.message?.content ?? "";
  } catch {
    return "";
  }
}

interface Answer {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string };
    readonly message?: { readonly content?: string };
  }[];
}
