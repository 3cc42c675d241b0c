// The report's own script: fills the tables from the data in the page. No library and no request.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);

  /** An element with text or children; text never becomes markup. */
  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  const dollars = (usd) =>
    usd.toLocaleString("en-US", { style: "currency", currency: "USD", maximumFractionDigits: usd >= 100 ? 0 : 2 });
  const row = (name, usd) =>
    element(
      "tr",
      {},
      element("td", {}, name),
      ...["minimum", "expected", "maximum"].map((level) => element("td", {}, dollars(usd[level]))),
    );

  function showCost(bill, caption) {
    byId("cost-table").tBodies[0].replaceChildren(...bill.components.map(({ component, usd }) => row(component, usd)));
    byId("cost-table").tFoot.replaceChildren(row("Total a month", bill.total));
    byId("players-value").value = caption;
  }

  function showPlayers() {
    const chosen = data.players[Number(byId("players").value)];
    showCost(
      chosen,
      `${chosen.players.toLocaleString("en-US")}: ${chosen.gold} gold and ${chosen.silver} silver nodes`,
    );
  }

  function showUnpriced() {
    const { unpriced } = data.bill;
    if (unpriced.length === 0) return;
    const items = unpriced.map(({ name, type, reason }) => element("li", {}, `${name} (${type}): ${reason}`));
    byId("unpriced").append(element("p", {}, "Not priced, so not in the total:"), element("ul", {}, ...items));
  }

  function showFindings() {
    const place = byId("findings").querySelector("div");
    if (data.findings.length === 0) place.append(element("p", {}, "No rule is broken."));
    const rows = data.findings.map(({ rule, severity, status, urn, title, message, remediation, exception }) =>
      element(
        "tr",
        {},
        element(
          "td",
          {},
          element(
            "span",
            { class: `severity ${status === "violated" ? severity : status}` },
            status === "violated" ? severity : status,
          ),
        ),
        element("td", {}, rule),
        element("td", {}, urn.split("::").at(-1)),
        element("td", {}, `${title}: ${message}`),
        element("td", {}, exception ?? remediation),
      ),
    );
    if (rows.length > 0) place.append(element("table", {}, element("tbody", {}, ...rows)));
  }

  function showResources() {
    const wanted = byId("search").value.trim().toLowerCase();
    const found = data.resources.filter((resource) => JSON.stringify(resource).toLowerCase().includes(wanted));
    byId("matches").value = `${found.length} of ${data.resources.length}`;
    byId("resource-list").replaceChildren(
      ...found.map(({ name, type, component, protect, inputs }) =>
        element(
          "details",
          {},
          element("summary", {}, `${name} `, element("code", {}, type), protect ? " (protected)" : ""),
          element("pre", {}, `component: ${component}\n${JSON.stringify(inputs, undefined, 2)}`),
        ),
      ),
    );
  }

  /** A box that is pointed at shows its arrows; chosen, it searches for its resources. */
  function connectPicture() {
    for (const box of document.querySelectorAll(".box")) {
      const { name } = box.dataset;
      const light = (on) => {
        for (const arrow of document.querySelectorAll(".arrow")) {
          if (arrow.dataset.from === name || arrow.dataset.to === name) arrow.classList.toggle("lit", on);
        }
      };
      const choose = () => {
        byId("search").value = `"component":"${name}"`;
        showResources();
        byId("resources").scrollIntoView({ behavior: "smooth" });
      };
      box.addEventListener("mouseenter", () => light(true));
      box.addEventListener("mouseleave", () => light(false));
      box.addEventListener("focus", () => light(true));
      box.addEventListener("blur", () => light(false));
      box.addEventListener("click", choose);
      box.addEventListener("keydown", ({ key }) => key === "Enter" && choose());
    }
  }

  byId("players").addEventListener("input", showPlayers);
  byId("bounds").addEventListener("click", () => showCost(data.bill, "between the groups' bounds"));
  byId("search").addEventListener("input", showResources);
  showCost(data.bill, "between the groups' bounds");
  showUnpriced();
  showFindings();
  showResources();
  connectPicture();
})();
