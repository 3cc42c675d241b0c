import type { TurnRequest } from "../../../contracts/services/ai-router";

/** The chain that answers where a turn names neither chain nor task. */
const defaultChain = "npc_turn";

/** The model of the inference host that a turn asks for. */
export function modelOfTurn({ archetype, chain, task }: TurnRequest): string {
  return task === undefined ? `${archetype}/chain/${chain ?? defaultChain}` : `${archetype}/${task}`;
}

/** The text of an answer: a whole one, or the chunks of a stream put together. */
export function textOfAnswer(body: string, stream: boolean): string {
  if (!stream) return contentOf(body);
  return body
    .split("\n\n")
    .map((event) => (event.startsWith("data: {") ? contentOf(event.slice(6)) : ""))
    .join("");
}

function contentOf(json: string): string {
  try {
    const { choices = [] } = JSON.parse(json) as Answer;
    return choices[0]?.delta?.content ?? choices[0]?.message?.content ?? "";
  } catch {
    return "";
  }
}

interface Answer {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string };
    readonly message?: { readonly content?: string };
  }[];
}
