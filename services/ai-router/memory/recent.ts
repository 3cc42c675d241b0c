import { LRUCache } from "lru-cache";

/** What was asked and answered once. */
export interface Turn {
  readonly asked: string;
  readonly answered: string;
}

/** What the game says of a character and its player, at most 2 KB each. */
export interface Cards {
  readonly relationship?: string;
  readonly quest?: string;
}

/** What a character remembers. */
export interface Remembered {
  readonly turns: readonly Turn[];
  readonly cards: Cards;
  /** Older turns in a few sentences. */
  readonly summary?: string;
}

export const nothing: Remembered = { turns: [], cards: {} };

/** The last turns and cards of the characters that were spoken to lately, in this process. */
export class RecentTurns {
  readonly #characters: LRUCache<string, Remembered>;

  /** @param most Turns of one character. */
  constructor(
    private readonly most: number,
    characters: number,
    idleMs: number,
  ) {
    this.#characters = new LRUCache({ max: characters, ttl: idleMs, updateAgeOnGet: true });
  }

  get(character: string): Remembered | undefined {
    return this.#characters.get(character);
  }

  set(character: string, remembered: Remembered): void {
    this.#characters.set(character, { ...remembered, turns: remembered.turns.slice(-this.most) });
  }

  /** Adds a turn. @returns What is remembered now */
  add(character: string, turn: Turn): Remembered {
    const before = this.get(character) ?? nothing;
    const after = { ...before, turns: [...before.turns, turn].slice(-this.most) };
    this.#characters.set(character, after);
    return after;
  }
}
