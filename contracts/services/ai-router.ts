import { z } from "zod";
import { manifestName } from "../chains";
import { answers, chatSchema, completionSchema, embeddingSchema } from "../openai";
import { answerSeconds } from "../requests";
import { turnOptionsSchema } from "../turns";
import { defineContract } from "./define";

const text = (most: number) => z.string().min(1).max(most);
/** Bytes of a card at most, and of what is said in a turn. */
const cardLength = 2_048;
const sayLength = 8_192;

/** How a game may name a character. */
export const npcId = /^[\w.:-]{1,128}$/;
export const npcIdText = "1 to 128 letters, digits and . _ : -";

/** A turn of a character: what the player says, to whom, and how soon the answer is wanted. */
export const turnSchema = z.strictObject({
  /** Of the product, of the stack's config or of the model bucket; the nodes know which there are. */
  archetype: manifestName,
  npc_id: z.string().regex(npcId, npcIdText),
  message: text(sayLength),
  /** Steps that the inference host runs in order on one node. */
  chain: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/, "the name of a chain")
    .optional(),
  /** One adapter instead of a chain. */
  task: manifestName.optional(),
  ...turnOptionsSchema.shape,
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

const generates = { method: "POST", who: ["service:generate"], answerSeconds } as const;

/**
 * One address for all GPU tiers. It speaks the OpenAI API, so its refusals are errors in OpenAI's shape in place of problems, and an
 * answer whose request says `stream` is a stream of server-sent events.
 */
export const aiRouter = defineContract({
  name: "ai-router",
  title: "AI router",
  version: "1.0.0",
  description:
    "One address for all GPU tiers, OpenAI-compatible: picks a tier by latency budget and streams its answer. `model` is `base`, `archetype/task`, or `archetype/chain/NAME`.",
  publicPaths: ["/v1/*"],
  database: true,
  cache: true,
  keys: { prefix: "air", scopes: ["generate", "embed"] },
  routes: {
    createChatCompletion: {
      ...generates,
      path: "/v1/chat/completions",
      summary: "Answers a conversation.",
      body: chatSchema,
      answers: { 200: answers.ChatCompletion },
    },
    createCompletion: {
      ...generates,
      path: "/v1/completions",
      summary: "Continues a text.",
      body: completionSchema,
      answers: { 200: answers.Completion },
    },
    createEmbedding: {
      ...generates,
      who: ["service:embed"],
      path: "/v1/embeddings",
      summary: "Turns text into vectors.",
      body: embeddingSchema,
      answers: { 200: answers.Embeddings },
    },
    createNpcTurn: {
      ...generates,
      path: "/v1/npc/turns",
      summary: "What a character does and says next.",
      body: turnSchema,
      answers: { 200: answers.ChatCompletion },
    },
    listModels: {
      method: "GET",
      path: "/v1/models",
      summary: "Every name that `model` may be.",
      who: ["service"],
      answers: { 200: answers.Models },
    },
    retrieveModel: {
      method: "GET",
      path: "/v1/models/{model*}",
      summary: "One of them.",
      who: ["service"],
      params: z.strictObject({ model: text(200) }),
      answers: { 200: answers.Model },
    },
  },
});
