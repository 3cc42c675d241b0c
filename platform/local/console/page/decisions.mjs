// The decision log, the newest first; the last one is also said to who listens to the page.

import { byId, element, follow, setText } from "./dom.mjs";
import { clock } from "./format.mjs";

/** Least time between two announcements, so that of a burst only the last one is read out. */
const quietMs = 3000;
const mostShown = 200;
let newest;
let waiting;
let quiet = false;

export function showDecisions({ decisions }) {
  const keyed = withKeys(decisions).slice(-mostShown).reverse();
  setText(
    byId("decisions-count"),
    decisions.length === 0 ? "none yet: more players make the groups grow" : "the newest first",
  );
  follow(byId("decision-list"), keyed, { key: ({ key }) => key, make: makeRow, update: () => {} });
  notice(keyed[0]);
}

/** Two decisions may fall in the same millisecond: what is equal is numbered. */
function withKeys(decisions) {
  const seen = new Map();
  return decisions.map((decision) => {
    const text = JSON.stringify(decision);
    const number = (seen.get(text) ?? 0) + 1;
    seen.set(text, number);
    return { ...decision, key: `${text} ${number}` };
  });
}

const change = ({ from, to }) => (from === to ? "" : `${from} → ${to}`);

function makeRow(decision) {
  const { at, tier, kind, note } = decision;
  return element(
    "li",
    { class: "decision" },
    element("time", {}, clock(at)),
    element("span", { class: `tier-name ${tier}` }, tier),
    element("strong", { class: kind }, kind),
    element("b", {}, change(decision)),
    element("span", { class: "about" }, note),
  );
}

/** Announces the newest decision; the log that the page found is not news. */
function notice(latest) {
  const before = newest;
  newest = latest?.key ?? "";
  if (before === undefined || newest === before || latest === undefined) return;
  const { tier, kind, from, to, note } = latest;
  waiting = `${tier}: ${kind}${from === to ? "" : `, ${from} to ${to}`}. ${note}`;
  if (!quiet) announce();
}

function announce() {
  setText(byId("announcement"), waiting);
  waiting = undefined;
  quiet = true;
  setTimeout(() => {
    quiet = false;
    if (waiting !== undefined) announce();
  }, quietMs);
}
