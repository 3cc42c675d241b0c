/** One message of a conversation, as the API spells it. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

interface Conversation {
  readonly messages: Message[];
  usedAt: number;
}

export interface ConversationLimits {
  /** Conversations kept; the one unused longest goes first. @default 500 */
  readonly conversations?: number;
  /** Milliseconds after its last turn that a conversation is kept. @default 1800000, 30 minutes */
  readonly keepMs?: number;
  /** Turns kept of each. @default 20 */
  readonly turns?: number;
}

/** The last turns of each character's conversation, in this process: the first tier of a character's memory. */
export class Conversations {
  readonly #byId = new Map<string, Conversation>();
  readonly #limits: Required<ConversationLimits>;

  constructor(
    limits: ConversationLimits = {},
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#limits = { conversations: 500, keepMs: 1_800_000, turns: 20, ...limits };
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The last turns, oldest first, two messages each. */
  recall(id: string, turns: number): readonly Message[] {
    const conversation = this.#byId.get(id);
    if (!conversation || turns === 0) return [];
    if (this.now() - conversation.usedAt > this.#limits.keepMs) {
      this.#byId.delete(id);
      return [];
    }
    return conversation.messages.slice(-2 * turns);
  }

  /** Adds a turn. */
  record(id: string, question: string, answer: string): void {
    const old = this.recall(id, this.#limits.turns - 1);
    const turn = [
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ];
    this.#byId.delete(id);
    this.#byId.set(id, { messages: [...old, ...turn], usedAt: this.now() });
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= this.#limits.conversations) break;
      this.#byId.delete(oldest);
    }
  }
}

/**
 * The part of a message list that a chain's step sees: system messages, then the last turns. A turn starts with a user's
 * message; the question that is to be answered is no turn yet and always stays.
 */
export function conversationWindow(messages: readonly Message[], turns: number): Message[] {
  const system = messages.filter(({ role }) => role === "system" || role === "developer");
  const rest = messages.filter(({ role }) => role !== "system" && role !== "developer");
  const starts = rest.flatMap(({ role }, index) => (role === "user" ? [index] : []));
  const from = starts.at(-(turns + 1)) ?? 0;
  return [...system, ...rest.slice(from)];
}
