// The console: shows each snapshot of the running platform as it comes. No library, and no request but to its own server.

import { offerArchetypes } from "./chat.mjs";
import { showDecisions } from "./decisions.mjs";
import { byId, setAttributes, setText, showFigures } from "./dom.mjs";
import { clock, duration, mebibytes } from "./format.mjs";
import { showLoad } from "./load.mjs";
import "./search.mjs";
import { showElsewhere, showServices } from "./services.mjs";
import { showTiers } from "./tiers.mjs";

/** Snapshots come every five seconds at least: longer silence is a dead connection. */
const silenceMs = 12_000;
/** Time between attempts where the browser itself gives up. */
const againMs = 2000;
let last;
let shown;
let silence;

function connect() {
  const events = new EventSource("/api/events");
  const again = () => {
    events.close();
    lost();
    setTimeout(connect, againMs);
  };
  const waitForNext = () => {
    clearTimeout(silence);
    silence = setTimeout(again, silenceMs);
  };
  events.addEventListener("about", ({ data }) => offerArchetypes(JSON.parse(data)));
  events.addEventListener("message", ({ data }) => {
    waitForNext();
    if (last === shown) requestAnimationFrame(showLast);
    last = JSON.parse(data);
    found(last.state.ready);
  });
  events.addEventListener("error", () => {
    clearTimeout(silence);
    if (events.readyState === EventSource.CLOSED) again();
    else {
      lost();
      waitForNext();
    }
  });
}

function found(ready) {
  setAttributes(document.body, { class: false });
  setAttributes(byId("lost"), { hidden: "" });
  setText(byId("connection"), ready ? "up" : "coming up");
  setAttributes(byId("connection"), { class: `badge ${ready ? "good" : "warm"}` });
}

function lost() {
  setAttributes(document.body, { class: "stale" });
  setText(byId("connection"), "disconnected");
  setAttributes(byId("connection"), { class: "badge bad" });
  const since = last === undefined ? "Nothing has come yet." : `What is shown is from ${clock(last.at)}.`;
  setText(byId("lost"), `Disconnected from the platform; trying again. ${since}`);
  setAttributes(byId("lost"), { hidden: false });
}

/** Shows the latest snapshot with the next picture; a page that is not seen draws nothing. */
function showLast() {
  shown = last;
  const { at, state } = last;
  const { stack, startedAt, services, tiers } = state;
  document.title = `${stack} · game-ai-platform`;
  setText(byId("stack"), stack);
  // A stub answers and a part of another process has no health: neither is counted as a service that runs.
  const programs = services.filter(({ kind }) => kind === "program");
  const healthy = programs.filter(({ status }) => status === "healthy").length;
  const stubs = services.filter(({ kind }) => kind === "stub").length;
  const nodes = tiers.flatMap((tier) => tier.nodes);
  const memory = [...services, ...nodes].reduce((sum, { memoryMiB = 0 }) => sum + memoryMiB, 0);
  showFigures(byId("facts"), [
    ["services healthy", `${healthy} of ${programs.length}`, healthy < programs.length ? "warm" : undefined],
    ["stubs", stubs],
    ["nodes in service", nodes.filter(({ lifecycle }) => lifecycle === "InService").length],
    ["memory", mebibytes(memory)],
    ["since start", duration(at - startedAt)],
  ]);
  showLoad(state);
  showTiers(state, at);
  showDecisions(state);
  showServices(state);
  showElsewhere(state);
}

connect();
