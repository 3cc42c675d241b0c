// The output of one service or node, in a dialog, as it grows.

import { byId, problemOf, setText } from "./dom.mjs";
import { plural } from "./format.mjs";

const everyMs = 1000;
let shown;
let timer;

/** Opens the dialog with the last lines of a service's or node's output. */
export async function openLog(name) {
  shown = name;
  setText(byId("log-title"), name);
  setText(byId("log-note"), "");
  setText(byId("log-lines"), "");
  byId("log").showModal();
  byId("log-lines").focus();
  await refresh(true);
}

async function refresh(first = false) {
  clearTimeout(timer);
  const name = shown;
  const lines = byId("log-lines");
  const atEnd = first || lines.scrollHeight - lines.scrollTop - lines.clientHeight < 8;
  const answer = await fetchLines(name);
  if (name !== shown) return;
  setText(byId("log-note"), answer.problem ?? `${plural(answer.lines.length, "line")}, as they come`);
  if (answer.lines !== undefined) setText(lines, answer.lines.join("\n") || "It has written nothing yet.");
  if (atEnd) lines.scrollTop = lines.scrollHeight;
  timer = setTimeout(refresh, everyMs);
}

async function fetchLines(name) {
  try {
    const response = await fetch(`/api/logs?name=${encodeURIComponent(name)}`);
    const body = await response.json();
    return response.ok ? body : { problem: problemOf(body, response.status) };
  } catch {
    return { problem: "Disconnected; what is below may be old." };
  }
}

byId("log-close").addEventListener("click", () => byId("log").close());
byId("log").addEventListener("close", () => {
  shown = undefined;
  clearTimeout(timer);
});
