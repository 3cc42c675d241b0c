import { type TurnRequest, turnSchema } from "../../../contracts/services/ai-router";
import { type Turn, type TurnOptions, turnOptionsSchema } from "../../../contracts/turns";
import { RequestError } from "../../../runtime/openai/errors";
import { parseBody } from "../../../runtime/openai/requests";
import type { Character, Conversations } from "../memory/conversations";
import type { Routed } from "../routing/route";

/** The chain that answers where a turn names neither chain nor task. */
const defaultChain = "npc_turn";

/** A turn of a character, ready to be asked of a tier. */
export interface PreparedTurn {
  /** The request that a node gets. */
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly stream: boolean;
  };
  readonly budgetMs: number | undefined;
  readonly priority: TurnRequest["priority"];
  /** Leaves the older half of what is remembered out of the body; false when nothing is left to leave out. */
  readonly shorten: () => boolean;
  readonly onChunk: (chunk: Buffer) => void;
  /** Told what was answered, or what was streamed of it before it was cut off. */
  readonly onAnswer: (routed: Routed) => void;
}

/**
 * Reads a turn and puts what its character remembers before it.
 * @throws RequestError 400 for what a turn cannot hold
 */
export async function prepareTurn(
  text: string,
  tenant: string,
  conversations: Conversations | undefined,
): Promise<PreparedTurn> {
  const turn = parseBody(turnSchema, text);
  if (turn.chain !== undefined && turn.task !== undefined) {
    throw new RequestError(400, "A turn names a chain or a task, not both.", "task", "invalid_value");
  }
  const options = optionsOf(turn);
  const { archetype, npc_id: npcId, message, cards = {}, turns, stream = false, max_tokens, temperature } = turn;
  const character: Character = { tenant, npcId, archetype };
  const before = (await conversations?.recall(character, cards, turns)) ?? [];
  const messages = [...before, { role: "user", content: message }];
  const kept: Buffer[] = [];
  return {
    body: {
      model: modelOfTurn(turn),
      messages,
      ...(max_tokens === undefined ? {} : { max_tokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(options === undefined ? {} : { turn: options }),
      stream,
    },
    budgetMs: turn.latency_budget_ms,
    priority: turn.priority,
    shorten: () => {
      const left = forgetOlderHalf(messages);
      if (left !== undefined) conversations?.keep(character, left);
      return left !== undefined;
    },
    onChunk: (chunk) => kept.push(chunk),
    onAnswer: ({ body: whole, status, tier }) => {
      if (status !== 200) return;
      const answered = saidIn(whole ?? Buffer.concat(kept).toString("utf8"), whole === undefined);
      if (answered !== "") conversations?.record(character, { asked: message, answered }, tier);
    },
  };
}

/** The model of the inference host that a turn asks for. */
function modelOfTurn({ archetype, chain, task }: TurnRequest): string {
  return task === undefined ? `${archetype}/chain/${chain ?? defaultChain}` : `${archetype}/${task}`;
}

/** What a turn asks of its chain. @throws RequestError 400 where one adapter answers, which gives words alone */
function optionsOf(turn: TurnRequest): TurnOptions | undefined {
  const keys = Object.keys(turnOptionsSchema.shape) as (keyof TurnOptions)[];
  const given = keys.filter((key) => turn[key] !== undefined && turn[key] !== null);
  if (given.length === 0) return undefined;
  if (turn.task !== undefined) {
    throw new RequestError(400, `${given[0]} is for chains; a task gives words alone.`, given[0]!, "invalid_value");
  }
  return Object.fromEntries(given.map((key) => [key, turn[key]]));
}

/** Takes the older half of the remembered turns out of a prompt. @returns The turns that are left; undefined when there were none */
function forgetOlderHalf(messages: { readonly role: string }[]): number | undefined {
  const first = messages.findIndex(({ role }) => role !== "system");
  const turns = Math.floor((messages.length - 1 - first) / 2);
  if (turns === 0) return undefined;
  messages.splice(first, 2 * Math.ceil(turns / 2));
  return Math.floor(turns / 2);
}

/** What a player hears of an answer, a whole one or the chunks of a stream: the bark, then the words. */
export function saidIn(body: string, stream: boolean): string {
  const answers = stream
    ? body.split("\n\n").flatMap((event) => (event.startsWith("data: {") ? [answerOf(event.slice(6))] : []))
    : [answerOf(body)];
  const bark = answers.map(({ turn }) => turn?.bark).find((line) => line !== undefined);
  const words = answers.map(contentOf).join("");
  return bark === undefined ? words : `${bark} ${words}`.trimEnd();
}

function contentOf({ choices: [choice] = [] }: Answer): string {
  return choice?.delta?.content ?? choice?.message?.content ?? "";
}

function answerOf(json: string): Answer {
  try {
    return JSON.parse(json) as Answer;
  } catch {
    return {};
  }
}

interface Answer {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string | null };
  }[];
  readonly turn?: Turn;
}
