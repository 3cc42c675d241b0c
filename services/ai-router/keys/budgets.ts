import type { Counters } from "../../../runtime/service";

const day = 86_400;

/** Whom tokens are counted for, and how many it may use in a UTC day. */
export interface Budgeted {
  readonly id: string;
  readonly tokensPerDay: number;
}

/**
 * Token budgets of a day that hold across replicas. Tokens are counted when an answer has ended, so a budget is overdrawn by at most
 * what was under way. A count that cannot be reached lets requests through, and says so.
 */
export class TokenBudgets {
  readonly #known = new Map<string, { day: number; total: number }>();

  /** @param now Milliseconds since 1970. */
  constructor(
    private readonly counters: Counters,
    private readonly onUnreachable: (error: unknown) => void,
    private readonly now: () => number,
  ) {}

  /** Seconds until a spent budget is whole again; undefined while some of it is left. */
  async spentFor({ id, tokensPerDay }: Budgeted): Promise<number | undefined> {
    const seconds = this.now() / 1000;
    const today = Math.floor(seconds / day);
    const known = this.#known.get(id);
    const total = known?.day === today ? known.total : await this.#add(id, 0, today);
    return total >= tokensPerDay ? Math.ceil(day - (seconds % day)) : undefined;
  }

  /** Counts what an answer cost. Never throws. */
  async spend({ id }: Budgeted, tokens: number): Promise<void> {
    if (tokens > 0) await this.#add(id, tokens, Math.floor(this.now() / 1000 / day));
  }

  async #add(id: string, tokens: number, today: number): Promise<number> {
    try {
      const total = await this.counters.add(id, "tokens", tokens, today, day);
      this.#known.set(id, { day: today, total });
      return total;
    } catch (error) {
      this.onUnreachable(error);
      return 0;
    }
  }
}
