import assert from "node:assert/strict";
import { once } from "node:events";
import { type Browser, chromium, type Page } from "playwright-core";
import { findBrowser, quietBrowser } from "../../testing/browser";
import { type LocalConsole, startConsole } from "./console";
import { LocalControlDouble, stateOf } from "./control-double";

/** The page as a person uses it, on a double of the running platform. */
describe("the console in a browser", () => {
  let browser: Browser;
  let control: LocalControlDouble;
  let running: LocalConsole;
  let page: Page;
  let problems: string[];
  let requests: string[];

  before(async () => {
    browser = await chromium.launch({ executablePath: findBrowser(), args: quietBrowser });
  });
  after(() => browser?.close());

  beforeEach(async () => {
    control = new LocalControlDouble();
    running = await startConsole(control, { port: 0 });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    problems = [];
    requests = [];
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(running.url);
    await page.locator(".node").first().waitFor();
  });

  afterEach(async () => {
    await page.close();
    await running.close();
  });

  /** Goes to the next control; what it is, and whether one sees that it has the focus. */
  const tab = async () => {
    await page.keyboard.press("Tab");
    return page.evaluate<{ tag: string; id: string; outlined: boolean }>(`(() => {
      const node = document.activeElement;
      const shown = node.matches("input[type=radio]") ? node.nextElementSibling : node;
      return { tag: node.tagName, id: node.id, outlined: getComputedStyle(shown).outlineStyle !== "none" };
    })()`);
  };
  const text = (selector: string) => page.locator(selector).first().innerText();
  const until = async (selector: string, pattern: RegExp) =>
    page.locator(selector).filter({ hasText: pattern }).first().waitFor({ timeout: 10_000 });

  it("loads without an error and asks nobody else for anything", async () => {
    assert.deepEqual(problems, []);
    assert.deepEqual(
      requests.filter((url) => !url.startsWith(running.url)),
      [],
    );
    assert.match(await text("#connection"), /^up$/);
  });

  it("shows services, nodes by lifecycle, decisions and what is not here", async () => {
    assert.match(await text("#facts"), /1 of 2/);
    assert.deepEqual(await page.locator(".gold .node > :nth-child(2)").allInnerTexts(), [
      "InService",
      "InService",
      "Pending:Wait",
    ]);
    assert.match(await text(".silver h2"), /1 in service, 1 draining, 1 desired/);
    assert.match(
      await text("#service-rows tr:nth-child(2)"),
      /restarting\s+ai-router\s.*127\.0\.0\.1:7403\s+41230\s+1\s/s,
    );
    assert.match(await text("#decision-list li"), /gold\s+launch/);
    assert.match(await text("#elsewhere-count"), /65 resources of 3 types/);
  });

  it("draws each policy against its target, with a gap where no datapoint came", async () => {
    const charts = page.locator(".gold .chart svg");
    const spoken = await charts.evaluateAll((all) => all.map((svg) => svg.getAttribute("aria-label")));
    assert.match(spoken[0]!, /^Desired capacity: 3 now, 1 to 3 shown; at most 4 here$/);
    assert.match(spoken[1]!, /^GPUUtilization: [\d.]+\s% now, .*; target 70\s%$/);
    assert.match(spoken[4]!, /^WaitingRequests: no datapoint yet; alarm above 0$/);
    assert.deepEqual(await charts.nth(1).locator(".gap").count(), 1);
    assert.deepEqual(await charts.nth(1).locator("path.line").count(), 2);
    assert.deepEqual(await charts.nth(2).locator(".gap").count(), 0);
    const box = await charts.nth(1).boundingBox();
    assert.ok(box !== null && box.width > 150 && box.height > 60, JSON.stringify(box));
    const [line, target] = await Promise.all(
      ["path.line", "line.target"].map((shape) => charts.nth(1).locator(shape).last().boundingBox()),
    );
    assert.ok(line!.y < target!.y, "the utilisation has crossed its target");
  });

  it("tells the value under the pointer", async () => {
    const chart = page.locator(".gold .chart").nth(1);
    await chart.locator("svg").hover();
    assert.match(await chart.locator(".now").innerText(), /% at \d\d:\d\d:\d\d$|no data at/);
  });

  it("follows the platform: a node that comes is shown, and its decision announced, once", async () => {
    const state = stateOf(Date.now());
    const [gold, silver] = state.tiers as [(typeof state.tiers)[0], (typeof state.tiers)[0]];
    const fourth = { ...gold.nodes[2]!, id: "i-local5e5e5e" };
    await page.locator(".gold .node").first().focus();
    control.change({
      tiers: [{ ...gold, desired: 4, nodes: [...gold.nodes, fourth] }, silver],
      decisions: [
        ...state.decisions,
        { at: Date.now(), tier: "gold", kind: "scale-out", from: 3, to: 4, note: "QueueDepth <i>8</i> above 4" },
      ],
    });
    await until(".node", /i-local5e5e5e/);
    await until("#announcement", /^gold: scale-out, 3 to 4\. QueueDepth <i>8<\/i> above 4$/);
    assert.equal(await page.evaluate("document.activeElement.querySelector('b').textContent"), "i-local3f20a1");
  });

  it("opens the output of a service by keyboard and gives the focus back", async () => {
    const button = page.getByRole("button", { name: "Output of ai-router" });
    await button.focus();
    await page.keyboard.press("Enter");
    await until("#log-lines", /ai-router: line 59 <b>as it was written<\/b>/);
    assert.equal(await page.evaluate("document.activeElement.id"), "log-lines");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#log").isVisible(), false);
    assert.equal(await page.evaluate("document.activeElement.ariaLabel"), "Output of ai-router");
  });

  it("finds passages and marks the words of the question, as text", async () => {
    await page.getByLabel("Search the canon").fill("Who guards the northern gate?");
    await page.keyboard.press("Enter");
    await until("#search-note", /^2 results in/);
    assert.deepEqual(await page.locator(".hit").first().locator("mark").allInnerTexts(), [
      "guards",
      "northern",
      "gate",
    ]);
    assert.match(await text(".hit .passage"), /slept <script>since<\/script>/);
    control.found = { status: 503, body: { detail: "knowledge-base does not run here" } };
    await page.keyboard.press("Enter");
    await until("#search-note", /^knowledge-base does not run here$/);
    assert.equal(await page.locator(".hit").count(), 0);
  });

  it("talks with an archetype, says who answered, and remembers the conversation", async () => {
    await page.getByRole("radio", { name: "lich" }).check();
    await page.getByLabel("Adapter", { exact: true }).selectOption("goal_prioritization");
    await page.getByLabel("Message").fill("Who are you?");
    await page.keyboard.press("Enter");
    await until(".character", /I keep the <i>gate<\/i>\.\s*gold tier, lich\/goal_prioritization · first chunk after/);
    await page.keyboard.type("And then?");
    await page.keyboard.press("Enter");
    await until(".player", /And then\?/);
    assert.deepEqual(control.turns.at(-1)?.turn, {
      model: "lich/goal_prioritization",
      messages: [
        { role: "user", content: "Who are you?" },
        { role: "assistant", content: "I keep the <i>gate</i>." },
        { role: "user", content: "And then?" },
      ],
    });
    await page.getByRole("radio", { name: "ghoul" }).check();
    assert.equal(await page.locator("#turns li").count(), 0);
  });

  it("stops an answer that runs, and says why one was refused", async () => {
    control.answer = async function* (_turn, signal) {
      yield { tier: "silver", model: "vampire" };
      yield { text: "I will never" };
      await once(signal, "abort");
      throw signal.reason;
    };
    const message = page.getByLabel("Message");
    await message.fill("Speak");
    await page.keyboard.press("Enter");
    await until(".character", /I will never/);
    await page.getByRole("button", { name: "Stop" }).click();
    await until(".character", /silver tier, vampire .* · stopped/);
    if (!control.turns[0]!.signal.aborted) await once(control.turns[0]!.signal, "abort");
    control.answer = async function* () {
      yield { error: "no node of gold is in service", status: 503 };
    };
    await message.fill("Speak");
    await page.keyboard.press("Enter");
    await until(".character.failed", /503: no node of gold is in service/);
  });

  it("drives the players with the slider, by keyboard, and follows when they change elsewhere", async () => {
    const slider = page.getByLabel("Simulated players");
    await slider.focus();
    await slider.press("End");
    await page.waitForResponse(/\/api\/players/);
    assert.equal(control.state().load.players, 200);
    control.setPlayers(7);
    await until("#players-value", /^7$/);
    assert.equal(await slider.inputValue(), "7");
  });

  it("says when it is disconnected, and goes on by itself", async () => {
    const port = Number(new URL(running.url).port);
    await running.close();
    await until("#lost", /^Disconnected from the platform; trying again\. What is shown is from \d\d:\d\d:\d\d\.$/);
    assert.equal(await text("#connection"), "disconnected");
    running = await startConsole(control, { port });
    await until("#connection", /^up$/);
    assert.equal(await page.locator("#lost").isVisible(), false);
  });

  it("shows a platform that is coming up without its tiers", async () => {
    control.change({ ready: false, tiers: [], decisions: [] });
    await until("#connection", /^coming up$/);
    await until("#decisions-count", /none yet/);
    const absent = await page.evaluate<string>(
      "getComputedStyle(document.getElementById('tiers'), '::before').content",
    );
    assert.match(absent, /not up yet/);
  });

  it("fits a telephone, and lets every control be reached by Tab with its focus visible", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(overflow, 0);
    const reached: string[] = [];
    for (let focus = await tab(); focus.tag !== "BODY"; focus = await tab()) {
      assert.ok(focus.outlined, `no outline on ${focus.tag} ${focus.id}`);
      reached.push(focus.id);
    }
    for (const id of ["players", "decision-list", "message", "say", "adapter", "question"])
      assert.ok(reached.includes(id), id);
  });

  it("moves nothing for who wants less motion", async () => {
    const scrolling = () => page.evaluate("getComputedStyle(document.documentElement).scrollBehavior");
    assert.equal(await scrolling(), "smooth");
    await page.emulateMedia({ reducedMotion: "reduce" });
    assert.equal(await scrolling(), "auto");
    assert.equal(await page.evaluate("document.getAnimations().length"), 0);
  });
});
