import { z } from "zod";

// What a turn of a character is made of: words, an action and an emotion, as data. Requests say which actions are allowed.

/** A word or two that games name things by: never a place for instructions. */
const word = z.string().regex(/^[\p{L}\d][\p{L}\d _'.:-]{0,47}$/u, "letters, digits, spaces and _ ' . : -, at most 48");

/** An action that a character may take, with whom or what it may be done to, and how. */
export const actionOptionSchema = z.strictObject({
  verb: word,
  /** @default no target */
  targets: z.array(word).min(1).max(32).optional(),
  /** @default no manner */
  manners: z.array(word).min(1).max(16).optional(),
});
export type ActionOption = z.output<typeof actionOptionSchema>;

/** What a character does: one of the allowed actions. `target` and `manner` are null where the action has none. */
export const actionSchema = z.strictObject({ verb: word, target: word.nullable(), manner: word.nullable() });
export type Action = z.output<typeof actionSchema>;

/** What a character feels. */
export const emotionSchema = z.strictObject({
  label: word,
  /** 0 to 1. */
  intensity: z.number().min(0).max(1),
  secondary: word.nullable().default(null),
});
export type Emotion = z.output<typeof emotionSchema>;

/** What a turn may ask of a chain, beside the conversation. */
export const turnOptionsSchema = z.strictObject({
  /** Actions that the character may take; the first is what it does when no model says. @default the chain's */
  actions: z.array(actionOptionSchema).min(1).max(32).nullish(),
  /** Emotions that it may name. @default the chain's */
  emotions: z.array(word).min(1).max(32).nullish(),
  /** A short line at once, while the long answer is made. @default only where a latency budget needs it */
  bark: z.boolean().nullish(),
});
export type TurnOptions = z.output<typeof turnOptionsSchema>;

/** Who made a part: a model, or a person who wrote it before. */
export const sourceSchema = z.enum(["model", "authored"]);
export type Source = z.output<typeof sourceSchema>;

/** Parts of a turn, each of which says where it is from. */
export const turnParts = ["bark", "emotion", "action", "text"] as const;
export type TurnPart = (typeof turnParts)[number];

/**
 * A turn as its answer carries it, under `turn`. A stream sends its parts as they are known, emotion and action before the words, and the whole at its
 * end.
 */
export const turnSchema = z.looseObject({
  text: z.string().optional(),
  action: actionSchema.optional(),
  emotion: emotionSchema.optional(),
  bark: z.string().optional(),
  source: z.partialRecord(z.enum(turnParts), sourceSchema).optional(),
  /** Parts that were cut off and kept as far as they are whole. */
  partial: z.array(z.enum(turnParts)).optional(),
  /** How each step of the chain went. */
  steps: z.record(z.string(), z.string()).optional(),
});
export type Turn = z.output<typeof turnSchema>;

/** Actions where neither request nor chain names any; the first is what is done when no model says. */
export const usualActions: readonly ActionOption[] = [
  { verb: "wait" },
  { verb: "listen", targets: ["player"] },
  { verb: "approach", targets: ["player"], manners: ["slowly", "openly", "quietly"] },
  { verb: "step back", targets: ["player"], manners: ["slowly", "quickly"] },
  { verb: "gesture", targets: ["player", "surroundings"], manners: ["invitingly", "dismissively"] },
  { verb: "threaten", targets: ["player"], manners: ["calmly", "loudly"] },
  { verb: "leave", manners: ["slowly", "quickly"] },
];

/** Emotions where neither request nor chain names any: those that the voice has, and calm. */
export const usualEmotions: readonly string[] = [
  "neutral",
  "joy",
  "sadness",
  "anger",
  "fear",
  "disgust",
  "surprise",
  "contempt",
  "calm",
];
