import type { Archetype } from "../../../contracts/archetypes";
import type { Action, Emotion, Source, Turn, TurnPart } from "../../../contracts/turns";
import type { Usage } from "../engines/engine";

/** How a step of a chain went. `partial`: cut off at its limit, and kept as far as it is whole. */
export type StepOutcome = "ok" | "partial" | "skipped" | "base" | "fallback";

/** A turn while it is made: whoever looks sees what there is so far, also after the player has cut it off. */
export class TurnDraft {
  readonly #outcomes = new Map<string, StepOutcome>();
  text = "";
  action: Action | undefined;
  emotion: Emotion | undefined;
  bark: string | undefined;
  finishReason = "stop";
  usage: Usage = { promptTokens: 0, completionTokens: 0 };
  readonly #source: Partial<Record<TurnPart, Source>> = {};
  readonly #partial = new Set<TurnPart>();

  /** @param tasks Of the chain, in its order. */
  constructor(private readonly tasks: readonly string[]) {}

  /** Notes how a step went. */
  ended(task: string, outcome: StepOutcome): void {
    this.#outcomes.set(task, outcome);
  }

  /** How each step went that has ended, in the chain's order; a bark comes last. */
  get outcomes(): readonly (readonly [task: string, outcome: StepOutcome])[] {
    const others = [...this.#outcomes.keys()].filter((task) => !this.tasks.includes(task));
    return [...this.tasks, ...others].flatMap((task) => {
      const outcome = this.#outcomes.get(task);
      return outcome === undefined ? [] : [[task, outcome] as const];
    });
  }

  /** Notes who made a part, and whether it was cut off. */
  made(part: TurnPart, source: Source, partial = false): void {
    this.#source[part] = source;
    if (partial) this.#partial.add(part);
  }

  sourceOf(part: TurnPart): Source | undefined {
    return this.#source[part];
  }

  count({ promptTokens, completionTokens }: Usage): void {
    this.usage = {
      promptTokens: this.usage.promptTokens + promptTokens,
      completionTokens: this.usage.completionTokens + completionTokens,
    };
  }

  /** What the player has heard so far: the bark and the words. */
  get said(): string {
    return [this.bark, this.text.trim()].filter((words) => words !== undefined && words !== "").join(" ");
  }

  /** The turn as answers carry it. */
  whole(): Turn {
    return {
      text: this.text,
      ...(this.action && { action: this.action }),
      ...(this.emotion && { emotion: this.emotion }),
      ...(this.bark === undefined ? {} : { bark: this.bark }),
      source: this.#source,
      ...(this.#partial.size === 0 ? {} : { partial: [...this.#partial] }),
      steps: Object.fromEntries(this.outcomes),
    };
  }
}

/** One of the lines that an archetype says where no model answers in time: each in turn, so that a test can tell which. */
export function authoredBark({ persona: { barks } }: Archetype, turn: number): string | undefined {
  return barks.length === 0 ? undefined : barks[turn % barks.length];
}

/** The first line of what a model says, without quotation marks. */
export function barkOf(text: string): string {
  const [line = ""] = text.trim().split("\n");
  return line
    .replace(/^["'“]+|["'”]+$/g, "")
    .trim()
    .slice(0, 120);
}
