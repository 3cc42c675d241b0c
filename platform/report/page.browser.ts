import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { stateWithoutStandIns } from "../plan/references";
import { stateOfEvaluation } from "../plan/states";
import { evaluateWithStandIns } from "../review/evaluate";
import { findingsOf } from "../review/stack-review";
import { findBrowser, quietBrowser } from "../testing/browser";
import { simulationCharts } from "./charts";
import { renderPage } from "./page";

/** The report of the real prod stack, opened from a file as a person would. */
describe("the report in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "report-"));
  const problems: string[] = [];
  const requests: string[] = [];
  let browser: Browser;
  let page: Page;

  before(async () => {
    const evaluation = await evaluateWithStandIns({
      projectDir: join(__dirname, "..", ".."),
      stack: "prod",
      timeoutMs: 300_000,
    });
    const judged = stateOfEvaluation(evaluation);
    const state = { ...judged, resources: judged.resources.map(stateWithoutStandIns) };
    const today = "2026-12-01";
    const file = join(folder, "prod.html");
    const charts = await simulationCharts(evaluation, "daily");
    writeFileSync(file, renderPage({ state, findings: findingsOf(state, today), charts, today }));
    browser = await chromium.launch({ executablePath: findBrowser(), args: quietBrowser });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
  });

  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it("works from a file: no error, and nothing else is asked for", () => {
    assert.deepEqual(problems, []);
    assert.equal(requests.length, 1);
  });

  it("draws every outermost component once", async () => {
    const names = await page.locator(".box").evaluateAll((boxes) => boxes.map((box) => box.getAttribute("data-name")));
    for (const name of ["network", "database", "ai-router", "knowledge-base"]) {
      assert.equal(names.filter((found) => found === name).length, 1, name);
    }
  });

  it("shows the simulated charts of both tiers", async () => {
    const figures = page.locator("#simulation figure");
    const captions = await figures.locator("figcaption").allInnerTexts();
    for (const tier of ["gold", "silver"])
      assert.ok(
        captions.some((caption) => caption.includes(tier)),
        tier,
      );
    const box = await figures.first().locator("svg").boundingBox();
    assert.ok(box !== null && box.width > 300 && box.height > 100, JSON.stringify(box));
  });

  it("raises the bill with the players", async () => {
    const total = () => page.locator("#cost-table tfoot td").nth(2).innerText();
    const slider = page.locator("#players");
    await slider.focus();
    await slider.press("Home");
    await slider.press("ArrowRight");
    const few = await total();
    await slider.press("End");
    const many = await total();
    assert.match(await page.locator("#players-value").innerText(), /10,000: 50 gold and 30 silver nodes/);
    const dollars = (text: string) => Number(text.replace(/[$,]/g, ""));
    assert.ok(dollars(many) > 10 * dollars(few), `${few} to ${many}`);
  });

  it("finds resources by what they hold", async () => {
    await page.locator("#search").fill("aws:rds/instance:Instance");
    assert.match(await page.locator("#matches").innerText(), /^1 of \d+$/);
    assert.match(await page.locator("#resource-list summary").first().innerText(), /postgres/);
  });

  it("leads from a box to its resources by keyboard", async () => {
    await page.locator('.box[data-name="database"]').focus();
    await page.keyboard.press("Enter");
    const shown = await page.locator("#resource-list summary").allInnerTexts();
    assert.ok(shown.length > 0 && shown.every((text) => text.startsWith("database")), shown.join());
  });
});
