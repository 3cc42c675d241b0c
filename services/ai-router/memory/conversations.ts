import type { Logger } from "../../../runtime/logger";
import type { History } from "./history";
import { type Cards, nothing, type RecentTurns, type Remembered, type Turn } from "./recent";
import type { SharedMemory } from "./shared";

/** Turns after which the older ones are told in a summary anew. */
const summariseEvery = 12;
/** Characters of a summary. Source: the product's memory tiers, 300 to 600. */
const summaryLength = 600;
/** Characters of a remembered question or answer: prompts are made of them, and must not grow without end. */
const rememberedLength = 1_000;

/** A message of the OpenAI API. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Whose conversation it is. */
export interface Character {
  /** Name of the key that asked; another tenant's character of the same id is another one. */
  readonly tenant: string;
  readonly npcId: string;
  readonly archetype: string;
}

export interface ConversationOptions {
  readonly recent: RecentTurns;
  /** Turns that a prompt carries. */
  readonly turns: number;
  readonly shared: SharedMemory | undefined;
  readonly history: History | undefined;
  /** Tells turns in a few sentences, by a model; absent where summaries are off. */
  readonly summarise: ((turns: readonly Turn[], before: string | undefined) => Promise<string>) | undefined;
  readonly logger: Logger;
}

/**
 * What a character remembers: last turns and cards in this process, turns and a summary in the cache for the other replicas, every turn in
 * the database. Only the first is asked for on a request's way, and the cache once when this process does not know the character.
 */
export class Conversations {
  constructor(private readonly options: ConversationOptions) {}

  /** Messages that go before what the player says now. Never fails: without memory the character just remembers less. */
  async recall(character: Character, cards: Cards, given: readonly Turn[] | undefined): Promise<Message[]> {
    const { recent, turns } = this.options;
    const key = keyOf(character);
    const known = recent.get(key) ?? (await this.#load(key));
    const remembered: Remembered = { ...known, cards: { ...known.cards, ...cards } };
    recent.set(key, given === undefined ? remembered : { ...remembered, turns: given.map(cut) });
    return messagesOf({ ...remembered, turns: given ?? known.turns }, turns);
  }

  /** Forgets all but the last turns here, where a model has no room for more. */
  keep(character: Character, turns: number): void {
    const { recent } = this.options;
    const key = keyOf(character);
    const known = recent.get(key);
    if (known !== undefined)
      recent.set(key, { ...known, turns: known.turns.slice(Math.max(0, known.turns.length - turns)) });
  }

  /** Notes what was said; nothing of it is waited for. */
  record(character: Character, turn: Turn, tier: string): void {
    const { recent, shared, history, logger } = this.options;
    const key = keyOf(character);
    const kept = cut(turn);
    const remembered = recent.add(key, kept);
    shared?.add(key, kept).catch((error: unknown) => logger.debug({ err: error }, "a turn did not reach the cache"));
    history?.add({ ...character, ...turn, tier, at: new Date() });
    this.#summariseLater(key, remembered);
  }

  async #load(key: string): Promise<Remembered> {
    const { shared, turns } = this.options;
    if (shared === undefined) return nothing;
    return shared.load(key, turns).then(
      (loaded) => ({ ...loaded, cards: {} }),
      () => nothing,
    );
  }

  #sinceSummary = new Map<string, number>();

  #summariseLater(key: string, remembered: Remembered): void {
    const { summarise, shared, recent, logger } = this.options;
    if (summarise === undefined || shared === undefined) return;
    const turns = (this.#sinceSummary.get(key) ?? 0) + 1;
    // A character that is not spoken to for long is forgotten here too.
    this.#sinceSummary.delete(key);
    if (turns < summariseEvery) {
      this.#sinceSummary.set(key, turns);
      if (this.#sinceSummary.size > 10_000) this.#sinceSummary.delete(this.#sinceSummary.keys().next().value!);
      return;
    }
    summarise(remembered.turns, remembered.summary)
      .then(async (text) => {
        if (text === "") return;
        const summary = text.slice(0, summaryLength);
        const now = recent.get(key);
        if (now !== undefined) recent.set(key, { ...now, summary });
        await shared.summarise(key, summary);
      })
      .catch((error: unknown) => logger.debug({ err: error }, "a conversation was not summarised"));
  }
}

function cut({ asked, answered }: Turn): Turn {
  return { asked: asked.slice(0, rememberedLength), answered: answered.slice(0, rememberedLength) };
}

function keyOf({ tenant, archetype, npcId }: Character): string {
  return `${tenant}/${archetype}/${npcId}`;
}

function messagesOf({ turns, cards, summary }: Remembered, most: number): Message[] {
  const known = [
    ...(summary === undefined ? [] : [`Earlier: ${summary}`]),
    ...(cards.relationship === undefined ? [] : [`Relationship: ${cards.relationship}`]),
    ...(cards.quest === undefined ? [] : [`Quest: ${cards.quest}`]),
  ];
  return [
    ...(known.length === 0 ? [] : [{ role: "system", content: known.join("\n") } as const]),
    ...turns.slice(-most).flatMap(({ asked, answered }): Message[] => [
      { role: "user", content: asked },
      { role: "assistant", content: answered },
    ]),
  ];
}
