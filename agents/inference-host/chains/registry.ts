import { z } from "zod";
import { type AdapterTask, adapterTasks } from "../../../contracts/archetypes";
import { InputError } from "../../../contracts/input-error";
import { wrongProperty } from "../wrong-property";

const step = z.strictObject({
  task: z.enum(adapterTasks),
  /** `{archetype}` and `{TASK}` of an earlier step are filled in; a step that was skipped leaves nothing. */
  instruction: z.string().min(1).max(2_000),
  maxTokens: z.int().min(1).max(4_096),
  /** Milliseconds from the start of the step, waiting for a slot included. */
  deadlineMs: z.int().min(10).max(120_000),
  /** `skip`: go on without it; `base`: ask the base model instead; `fail`: the chain's fallback answers. */
  onFailure: z.enum(["skip", "base", "fail"]),
});

const chain = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "lower case letters, digits and _"),
    description: z.string().default(""),
    /** Turns of the conversation, one question and one answer each, that every step sees. */
    windowTurns: z.int().min(0).max(20).default(5),
    steps: z.array(step).min(1).max(adapterTasks.length),
    /** Said when the chain cannot answer. */
    fallback: z.string().min(1).max(2_000),
  })
  .superRefine(({ steps }, context) => {
    steps.forEach(({ task, instruction, onFailure }, index) => {
      const earlier = steps.slice(0, index).map((other) => other.task);
      if (earlier.includes(task))
        context.addIssue({ code: "custom", path: ["steps", index, "task"], message: "each task once in a chain" });
      for (const name of placeholders(instruction)) {
        if (name === "archetype" || earlier.some((other) => other === name)) continue;
        const message = `only {archetype} and tasks of earlier steps (${earlier.join(", ") || "none"}), not {${name}}`;
        context.addIssue({ code: "custom", path: ["steps", index, "instruction"], message });
      }
      if (index === steps.length - 1 && onFailure === "skip") {
        context.addIssue({
          code: "custom",
          path: ["steps", index, "onFailure"],
          message: "base or fail: the last step is the answer",
        });
      }
    });
  });

const registry = z.strictObject({ chains: z.array(chain).max(64) });

export type Chain = z.output<typeof chain>;
export type ChainStep = Chain["steps"][number];

/**
 * Checks a chain registry.
 * @param where The file it came from, for the message.
 * @throws InputError that names the property
 */
export function parseChains(value: unknown, where: string): ReadonlyMap<string, Chain> {
  const parsed = registry.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrongProperty(issue.path.length === 0 ? "registry" : "", value, issue, where);
  }
  const chains = new Map<string, Chain>();
  for (const [index, entry] of parsed.data.chains.entries()) {
    if (chains.has(entry.name)) {
      throw new InputError({
        path: `chains.${index}.name`,
        given: entry.name,
        allowed: "a name that is not taken",
        where,
      });
    }
    chains.set(entry.name, entry);
  }
  return chains;
}

/** Fills an instruction with what earlier steps said. */
export function fillInstruction(
  instruction: string,
  archetype: string,
  said: ReadonlyMap<AdapterTask, string>,
): string {
  return instruction.replace(/\{([a-z_]+)\}/g, (_, name: string) =>
    name === "archetype" ? archetype : (said.get(name as AdapterTask) ?? ""),
  );
}

function placeholders(instruction: string): string[] {
  return [...instruction.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]!);
}
