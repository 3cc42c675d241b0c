// Services and the other parts of the platform, and what has no part here.

import { byId, element, follow, setAttributes, setText } from "./dom.mjs";
import { count, mebibytes, plural } from "./format.mjs";
import { openLog } from "./log.mjs";

const looks = { healthy: "good", unhealthy: "bad", restarting: "bad", starting: "warm", stopping: "warm", stopped: "" };
const kinds = { program: "", embedded: "embedded", stub: "stub" };
const order = Object.keys(kinds);

export function showServices({ services }) {
  const sorted = [...services].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const [programs, parts, stubs] = order.map((wanted) => services.filter(({ kind }) => kind === wanted).length);
  const counts = [`${plural(programs, "service")} with code here`, plural(stubs, "stub"), plural(parts, "other part")];
  setText(byId("services-count"), counts.join(", "));
  follow(byId("service-rows"), sorted, { key: ({ name }) => name, make: makeRow, update: showRow });
}

function makeRow({ name }) {
  const button = element("button", { type: "button", "aria-label": `Output of ${name}` }, "Output");
  button.addEventListener("click", () => openLog(name));
  return element(
    "tr",
    {},
    element("td", {}, element("span", { class: "badge" })),
    element("th", { scope: "row" }, element("span"), " ", element("small")),
    element("td", { class: "note" }),
    element("td", { "data-name": "Address" }, element("a", { rel: "noreferrer", target: "_blank" })),
    element("td", { class: "number", "data-name": "PID" }),
    element("td", { class: "number", "data-name": "Restarts" }),
    element("td", { class: "number", "data-name": "Memory" }),
    element("td", {}, button),
  );
}

function showRow(row, { name, summary, kind, status, url, pid, restarts, memoryMiB }) {
  const [state, title, what, address, process, again, memory, output] = row.children;
  setText(state.firstElementChild, status);
  setAttributes(state.firstElementChild, { class: `badge ${looks[status]}` });
  setText(title.firstElementChild, name);
  setText(title.lastElementChild, kinds[kind]);
  setText(what, summary);
  setText(address.firstElementChild, url?.replace("http://", ""));
  setAttributes(address.firstElementChild, { href: url });
  setText(process, pid);
  setText(again, restarts);
  setAttributes(again, { class: restarts > 0 ? "number warm" : "number" });
  setText(memory, mebibytes(memoryMiB));
  // What lives in another part's process writes nothing of its own.
  output.firstElementChild.hidden = kind === "embedded" && pid === undefined;
}

export function showElsewhere({ notRealised }) {
  const total = notRealised.reduce((sum, each) => sum + each.count, 0);
  setText(byId("elsewhere-count"), `${count(total)} resources of ${plural(notRealised.length, "type")}`);
  follow(byId("elsewhere-rows"), notRealised, {
    key: ({ type }) => type,
    make: () =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }),
        element("td", { class: "number" }),
        element("td", { class: "note" }),
      ),
    update: (row, { type, count, why }) => {
      const [name, number, reason] = row.children;
      setText(name, type);
      setText(number, count);
      setText(reason, why);
    },
  });
}
