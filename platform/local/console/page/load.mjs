// The slider of the simulated players, and what comes of them.

import { byId, post, problemOf, setText, showFigures } from "./dom.mjs";
import { count, milliseconds } from "./format.mjs";

const settleMs = 150;
const slider = byId("players");
const note = byId("load-note");
const usual = note.textContent;
/** True from a move of the slider until the platform has taken it: until then snapshots do not move it back. */
let moving = false;
let timer;

slider.addEventListener("input", () => {
  moving = true;
  setText(byId("players-value"), slider.value);
  clearTimeout(timer);
  timer = setTimeout(tell, settleMs);
});

async function tell() {
  const asked = slider.value;
  setText(note, await setPlayers(Number(asked)));
  moving = slider.value !== asked;
}

async function setPlayers(players) {
  try {
    const response = await post("/api/players", { players });
    return response.ok ? usual : problemOf(await response.json(), response.status);
  } catch {
    return "The platform did not take it: disconnected.";
  }
}

export function showLoad({ load }) {
  if (!moving) {
    slider.value = load.players;
    setText(byId("players-value"), load.players);
  }
  showFigures(byId("load-figures"), [
    ["requests/s", count(load.requestsPerSecond)],
    ["answered in a minute", count(load.answered), load.answered > 0 ? "good" : undefined],
    ["refused in a minute", count(load.refused), load.refused > 0 ? "bad" : undefined],
    ["p95", load.p95Ms === undefined ? "-" : milliseconds(load.p95Ms)],
  ]);
}
