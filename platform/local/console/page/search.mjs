// The search box on the knowledge base.

import { byId, element, post, problemOf, setText } from "./dom.mjs";
import { milliseconds, plural } from "./format.mjs";

let asked = 0;

byId("search-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = ++asked;
  const started = performance.now();
  setText(byId("search-note"), "Searching ...");
  const found = await search(byId("question").value);
  if (number !== asked) return;
  const took = milliseconds(performance.now() - started);
  setText(byId("search-note"), found.problem ?? `${plural(found.hits.length, "result")} in ${took}`);
  byId("hits").replaceChildren(...(found.hits ?? []).map(hit));
});

async function search(query) {
  try {
    const response = await post("/api/search", { query });
    const body = await response.json();
    return response.ok ? body : { problem: problemOf(body, response.status) };
  } catch {
    return { problem: "The platform did not answer: disconnected." };
  }
}

function hit({ title, heading, file, source, kind, highlight, match }) {
  const percent = Math.round(match * 100);
  return element(
    "li",
    { class: "hit" },
    element("strong", {}, title),
    element("meter", {
      min: 0,
      max: 100,
      value: percent,
      title: `match ${percent} %`,
      "aria-label": `match ${percent} %`,
    }),
    element("p", { class: "passage" }, ...marked(highlight)),
    element("span", { class: "about" }, [heading, file ?? source ?? kind].filter(Boolean).join(" · ")),
  );
}

/** The passage with the words of the question marked. */
function marked({ text, marks }) {
  const parts = [];
  let at = 0;
  for (const [start, end] of marks) {
    parts.push(text.slice(at, start), element("mark", {}, text.slice(start, end)));
    at = end;
  }
  return [...parts, text.slice(at)];
}
