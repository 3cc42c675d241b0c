import { z } from "zod";
import { actionOptionSchema } from "./turns";

/** What a path or a model's name has for something else. */
const reserved: readonly string[] = ["base", "chain"];

/** The name of an archetype or a task, such as `vampire`, `dialogue_style` or `bark`. */
export const manifestName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, "lower-case letters, digits, _ and -, at most 32")
  .refine((text) => !reserved.includes(text), `another name than ${reserved.join(" and ")}`);

const stepSchema = z
  .strictObject({
    task: manifestName,
    /** What the step makes: words, or data in a form that the engine's grammar keeps. @default text */
    gives: z.enum(["text", "action", "emotion"]).default("text"),
    /**
     * `{archetype}`, `{actions}`, `{emotions}` and `{TASK}` of an earlier step are filled in. A step waits for the steps that it names,
     * and runs beside all others; a step that was skipped leaves nothing.
     */
    instruction: z.string().min(1).max(2_000),
    /** Tokens at most. @default what the longest allowed action or emotion needs; steps of text must say */
    maxTokens: z.int().min(1).max(4_096).optional(),
    /** Milliseconds from the start of the step, waiting for a slot included. @default from the speed of the tier */
    deadlineMs: z.int().min(10).max(120_000).optional(),
    /** `skip`: go on without it; `base`: ask the base model instead; `fail`: the chain's fallback answers. */
    onFailure: z.enum(["skip", "base", "fail"]),
  })
  .refine(({ gives, maxTokens }) => gives !== "text" || maxTokens !== undefined, {
    path: ["maxTokens"],
    message: "a number of tokens, where a step gives text",
  });

/** A short line at once, while the long answer is made. */
const barkSchema = z.strictObject({
  task: manifestName,
  instruction: z.string().min(1).max(2_000),
  maxTokens: z.int().min(1).max(48),
  /** Milliseconds in which the model's line must be whole; then one of the archetype's own lines is said. */
  budgetMs: z.int().min(10).max(10_000),
});

/** Steps of a chain at most. */
export const mostSteps = 8;

/** A chain: steps on one node, of which the last is the answer. */
export const chainSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "lower case letters, digits and _"),
    description: z.string().max(500).default(""),
    /** Turns of the conversation, one question and one answer each, that every step sees. */
    windowTurns: z.int().min(0).max(20).default(5),
    steps: z.array(stepSchema).min(1).max(mostSteps),
    /** @default no bark by a model */
    bark: barkSchema.optional(),
    /** Actions where the request names none. @default usualActions of contracts/turns.ts */
    actions: z.array(actionOptionSchema).min(1).max(32).optional(),
    /** Emotions where the request names none. @default usualEmotions of contracts/turns.ts */
    emotions: z.array(z.string().min(1).max(48)).min(1).max(32).optional(),
    /** Said when the chain cannot answer. */
    fallback: z.string().min(1).max(2_000),
  })
  .superRefine(({ steps }, context) => {
    const refuse = (index: number, key: string, message: string) =>
      context.addIssue({ code: "custom", path: ["steps", index, key], message });
    steps.forEach(({ task, instruction, onFailure, gives }, index) => {
      const earlier = steps.slice(0, index);
      const tasks = earlier.map((other) => other.task);
      if (tasks.includes(task)) refuse(index, "task", "each task once in a chain");
      if (gives !== "text" && earlier.some((other) => other.gives === gives))
        refuse(index, "gives", `one step that gives ${gives}`);
      for (const name of placeholders(instruction)) {
        if (filledIn.includes(name) || tasks.includes(name)) continue;
        const known = `{${filledIn.join("}, {")}} and tasks of earlier steps (${tasks.join(", ") || "none"})`;
        refuse(index, "instruction", `only ${known}, not {${name}}`);
      }
      if (index < steps.length - 1) return;
      if (onFailure === "skip") refuse(index, "onFailure", "base or fail: the last step is the answer");
      if (gives !== "text") refuse(index, "gives", "text: the last step is the answer");
    });
  });

export type Chain = z.output<typeof chainSchema>;
export type ChainStep = Chain["steps"][number];

/** Names that every instruction may use, beside the tasks of earlier steps. */
const filledIn: readonly string[] = ["archetype", "actions", "emotions"];

/** Fills an instruction; what is not known leaves nothing. */
export function fillInstruction(instruction: string, known: ReadonlyMap<string, string>): string {
  return instruction.replace(placeholderPattern, (_, name: string) => known.get(name) ?? "");
}

/** Tasks of earlier steps that a step waits for. */
export function needsOf({ instruction }: ChainStep): string[] {
  return placeholders(instruction).filter((name) => !filledIn.includes(name));
}

const placeholderPattern = /\{([a-z][a-z0-9_-]*)\}/g;
const placeholders = (instruction: string): string[] =>
  [...instruction.matchAll(placeholderPattern)].map((match) => match[1]!);
