// That a page and the API say the same, compared at a moment at which both are as new.

import assert from "node:assert/strict";
import { json, until } from "./daemon.mjs";
import { open } from "./sight.mjs";

const whole = (number) => number.toLocaleString("en-GB");
// Halves go up, as readers round.
const share = ({ ratio }) => (ratio === null ? "–" : `${(Math.round(ratio * 100 * 10) / 10).toFixed(1)}%`);
/// On the wallboard 100 means every one.
const level = ({ ratio }) => (ratio === null ? "–" : ratio === 1 ? "100%" : share({ ratio: Math.min(ratio, 0.999) }));
const numbers = ({ met, of }) => `${whole(met)} of ${whole(of)}`;

export async function agree(chromium, base) {
  const page = await open(chromium, [1920, 1080]);
  await board(page, base);
  await queue(page, base);
  await units(page, base);
  await reports(page, base);
  await status(page, base);
  await page.context().close();
}

async function board(page, base) {
  await page.goto(`${base}/?lang=en`);
  const shown = (queue, field) => page.textContent(`[data-queue="${queue}"] [data-field="${field}"]`);
  await until("the board and the API to agree", 30000, async () => {
    const { queues, at_ms } = await json(`${base}/api/v1/live`);
    assert.ok(queues.length > 1);
    for (const { queue, windows, waiting, agents, objective, longest_wait_s } of queues) {
      const { today } = windows, [low, recent] = [(told) => told.ratio < objective.target, windows["30m"].level];
      assert.equal(await shown(queue, "level30"), level(recent));
      assert.equal(await shown(queue, "level30-n"), `${low(recent) ? "■ " : ""}${numbers(recent)}`);
      assert.equal(await shown(queue, "today"), level(today.level));
      assert.equal(await shown(queue, "today-n"), `${low(today.level) ? "■ " : ""}${numbers(today.level)}`);
      assert.equal(await shown(queue, "answered"), whole(today.answered));
      assert.equal(await shown(queue, "offered"), `of ${whole(today.offered)}`);
      assert.equal(await shown(queue, "waiting"), String(waiting));
      assert.equal(await shown(queue, "available"), String(agents.available ?? 0));
      assert.equal((await shown(queue, "longest")) === "–", waiting === 0 || longest_wait_s === null);
    }
    // As new, to the second.
    const told = await page.textContent("#updated");
    assert.equal(told, new Date(at_ms).toLocaleTimeString("en-GB", { timeZone: "Europe/Stockholm" }));
    return true;
  });
}

async function queue(page, base) {
  await until("the queue's page and the API to agree", 30000, async () => {
    await page.goto(`${base}/queues/kundtjanst?lang=en`);
    const { sum, intervals } = await json(`${base}/api/v1/queues/kundtjanst/intervals`);
    const figure = (name) => page.textContent(`[data-figure="${name}"]`);
    assert.equal(await figure("offered"), whole(sum.offered));
    assert.equal(await figure("answered"), whole(sum.answered));
    assert.equal(await figure("level"), `${share(sum.level)} ${numbers(sum.level)}`);
    assert.equal(await figure("answer-rate"), `${share(sum.answer_rate)} ${numbers(sum.answer_rate)}`);
    assert.equal(await page.locator("[data-quarter]").count(), intervals.length);
    const offered = await page.locator("[data-quarter]").evaluateAll((rows) => rows.map((row) => Number(row.cells[1].textContent.replace(",", ""))));
    assert.equal(offered.reduce((sum, number) => sum + number, 0), sum.offered, "the quarters add up to the day");
    return true;
  });
}

async function units(page, base) {
  await until("the units and the API to agree", 30000, async () => {
    await page.goto(`${base}/units?lang=en`);
    const { units } = await json(`${base}/api/v1/units?period=2026-11`);
    const rows = await page.locator("[data-unit]").evaluateAll((rows) => rows.map((row) => [row.dataset.unit, row.querySelector("[data-column=units-month]").textContent]));
    const told = new Map(rows);
    for (const { unit, figures } of units) assert.equal(told.get(unit), `${share(figures.answer_rate)} ${numbers(figures.answer_rate)}`, unit);
    const { organisations } = await json(`${base}/api/v1/organisations?period=2026-11`);
    for (const { organisation, figures } of organisations) {
      assert.equal(await page.textContent(`[data-organisation="${organisation}"] .big`), share(figures.answer_rate), organisation);
    }
    return true;
  });
}

async function reports(page, base) {
  await until("the reports and the API to agree", 30000, async () => {
    await page.goto(`${base}/reports?lang=en`);
    const { queues } = await json(`${base}/api/v1/reports/month?format=json`);
    assert.ok(queues.length > 1);
    for (const { queue, offered, answered } of queues) {
      const cells = await page.locator(`[data-queue="${queue}"] td`).allTextContents();
      assert.deepEqual(cells.slice(0, 2), [whole(offered), whole(answered)]);
    }
    return true;
  });
}

async function status(page, base) {
  await until("the status and the API to agree", 30000, async () => {
    await page.goto(`${base}/status?lang=en`);
    const sources = await json(`${base}/api/v1/sources`);
    const list = sources.items ?? sources;
    assert.ok(list.length > 0);
    for (const { source, accepted } of list) assert.equal(await page.textContent(`[data-source="${source}"] [data-figure="accepted"]`), whole(accepted));
    return true;
  });
}
