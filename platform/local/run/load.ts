import { InputError } from "../../../contracts/input-error";
import type { ChatChunk, ChatTurn, LoadState } from "../state";

const mostPlayers = 200;
/** A player asks for a turn this often at most; sooner than its answer it never asks again. */
const turnEveryMs = 4000;
const windowMs = 60_000;
/** One turn of this many is wanted at once, which only Gold gives. */
const hastyEvery = 3;
const hastyMs = 50;

type Ask = (turn: ChatTurn, signal: AbortSignal) => AsyncIterable<ChatChunk>;

/** Simulated players that ask for turns through the router, one archetype after the other. */
export class PlayerLoad {
  #players: AbortController[] = [];
  /** Turns of the last minute: when they ended, how long they took, whether they were answered. */
  #turns: { at: number; ms: number; answered: boolean }[] = [];
  #next = 0;

  constructor(
    private readonly ask: Ask,
    private readonly onChange: () => void,
    /** Names that they ask for, one after the other. */
    private readonly models: readonly string[],
  ) {}

  /** @throws InputError for a number outside 0 to 200. */
  setPlayers(players: number): void {
    if (!Number.isInteger(players) || players < 0 || players > mostPlayers) {
      throw new InputError({ path: "players", given: players, allowed: `a whole number from 0 to ${mostPlayers}` });
    }
    for (const leaving of this.#players.splice(players)) leaving.abort();
    while (this.#players.length < players) {
      const leave = new AbortController();
      this.#players.push(leave);
      void this.#play(leave.signal);
    }
    this.onChange();
  }

  state(): LoadState {
    this.#forget();
    const answered = this.#turns.filter((turn) => turn.answered);
    const sorted = answered.map(({ ms }) => ms).sort((a, b) => a - b);
    const recent = this.#turns.filter(({ at }) => at >= Date.now() - 10_000).length;
    return {
      players: this.#players.length,
      requestsPerSecond: recent / 10,
      answered: answered.length,
      refused: this.#turns.length - answered.length,
      p95Ms: sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))],
    };
  }

  /** Drops turns of before the last minute, also while nobody looks. */
  #forget(): void {
    const since = Date.now() - windowMs;
    const kept = this.#turns.findIndex(({ at }) => at >= since);
    this.#turns.splice(0, kept < 0 ? this.#turns.length : kept);
  }

  async #play(signal: AbortSignal): Promise<void> {
    await pause(Math.random() * turnEveryMs, signal);
    while (!signal.aborted) {
      const started = Date.now();
      const answered = await this.#turn(signal);
      if (signal.aborted) return;
      const ms = Date.now() - started;
      this.#turns.push({ at: Date.now(), ms, answered });
      this.#forget();
      this.onChange();
      await pause(turnEveryMs - ms, signal);
    }
  }

  async #turn(signal: AbortSignal): Promise<boolean> {
    const number = this.#next++;
    const model = this.models[number % this.models.length] ?? "base";
    const budgetMs = number % hastyEvery === 0 ? hastyMs : undefined;
    try {
      let text = false;
      const messages = [{ role: "user", content: "Who are you, and what do you want?" }] as const;
      const turn = { model, messages, budgetMs };
      for await (const chunk of this.ask(turn, signal)) {
        if ("error" in chunk) return false;
        text ||= "text" in chunk;
      }
      return text;
    } catch {
      return false;
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
