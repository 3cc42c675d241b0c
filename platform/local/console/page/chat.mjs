// A conversation with each archetype, streamed.

import { byId, element, post, problemOf, setText } from "./dom.mjs";
import { count, milliseconds } from "./format.mjs";

/** Most messages of a conversation that are sent along: small models have small windows. */
const remembered = 12;
const usualTask = "dialogue_style";
const conversations = new Map();
let current;

/** Fills the choices of archetypes and adapters. */
export function offerArchetypes({ archetypes, adapterTasks, model }) {
  if (model !== undefined)
    byId("chat-title").querySelector("small").textContent = `${model}, as each archetype's persona`;
  if (conversations.size > 0) return;
  for (const archetype of archetypes) {
    conversations.set(archetype, { archetype, messages: [], items: [], running: undefined });
    const radio = element("input", { type: "radio", name: "archetype", value: archetype });
    radio.addEventListener("change", () => choose(archetype));
    byId("archetypes").append(element("label", {}, radio, element("span", {}, archetype)));
  }
  byId("adapter").append(
    ...adapterTasks.map((task) => element("option", { selected: task === usualTask && "" }, task)),
  );
  byId("archetypes").querySelector("input").checked = true;
  choose(archetypes[0]);
}

function choose(archetype) {
  current = conversations.get(archetype);
  byId("turns").replaceChildren(...current.items);
  scrollToEnd();
  showButtons();
}

function showButtons() {
  const running = current.running !== undefined;
  byId("say").disabled = running;
  byId("stop").hidden = !running;
  byId("forget").hidden = running;
}

byId("stop").addEventListener("click", () => {
  current.running?.abort();
  byId("message").focus();
});
byId("forget").addEventListener("click", () => {
  current.messages = [];
  current.items = [];
  choose(current.archetype);
});
byId("message").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("chat-form").requestSubmit();
});
byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = byId("message").value.trim();
  if (content === "" || current === undefined || current.running !== undefined) return;
  byId("message").value = "";
  void converse(current, content);
});

/** Asks for one turn and shows it as it comes. */
async function converse(conversation, content) {
  const model = `${conversation.archetype}/${byId("adapter").value}`;
  const messages = [...conversation.messages, { role: "user", content }].slice(-remembered);
  const answer = addTurn(conversation, content);
  conversation.running = new AbortController();
  showButtons();
  const text = await stream({ model, messages }, conversation.running.signal, answer);
  conversation.running = undefined;
  if (text !== "") conversation.messages.push({ role: "user", content }, { role: "assistant", content: text });
  answer.item.setAttribute("aria-busy", "false");
  showButtons();
}

function addTurn(conversation, content) {
  const text = element("p", { class: "said" });
  const note = element("span", { class: "about" }, "waiting for the router");
  const item = element("li", { class: "character", "aria-busy": "true" }, text, note);
  const items = [element("li", { class: "player" }, element("p", { class: "said" }, content)), item];
  conversation.items.push(...items);
  if (conversation === current) byId("turns").append(...items);
  scrollToEnd();
  return { item, text, note };
}

/** @returns The text that came; what the turn says of itself stands under it. */
async function stream(turn, signal, { item, text, note }) {
  const started = performance.now();
  let who = "";
  let first;
  let chunks = 0;
  let problem;
  try {
    for await (const chunk of chunksOf(turn, signal)) {
      if (chunk.tier !== undefined) who = `${chunk.tier} tier, ${chunk.model}`;
      if (chunk.error !== undefined) problem = `${chunk.status}: ${chunk.error}`;
      if (chunk.text !== undefined) {
        first ??= performance.now() - started;
        chunks += 1;
        text.append(chunk.text);
        scrollToEnd();
      }
      setText(note, who);
    }
  } catch (error) {
    problem = signal.aborted ? "stopped" : `broken off: ${error.message}`;
  }
  if (problem !== undefined && problem !== "stopped") item.classList.add("failed");
  const speed =
    first &&
    `first chunk after ${milliseconds(first)}, ${count(chunks)} in ${milliseconds(performance.now() - started)}`;
  setText(note, [who, speed, problem].filter(Boolean).join(" · ") || "no text came");
  return text.textContent;
}

/** The chunks of a streamed turn. A refusal is a chunk with an error. */
async function* chunksOf(turn, signal) {
  const response = await post("/api/chat", turn, signal);
  if (!response.ok) {
    yield { error: problemOf(await response.json(), response.status), status: response.status };
    return;
  }
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.slice("data: ".length);
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
  throw new Error("the platform ended it");
}

function scrollToEnd() {
  byId("turns").scrollTop = byId("turns").scrollHeight;
}
