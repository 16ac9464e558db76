// Every page in both languages and both themes on three screens: what it shows, and that nobody is
// shut out of it; an incident; a daemon that dies and comes back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { browser, demo, freePort, kill, posted, until } from "./daemon.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = ["/", "/units", "/units/UNIT", "/queues/kundtjanst", "/reports", "/status", "/tillganglighet"];
const SCREENS = [[1920, 1080], [1366, 768], [390, 844]];
const ENLARGED = [320, 256]; // 1280 x 1024 at 400 %

const chromium = await browser();
const faults = [];

/// A page that notes everything a browser complains about.
async function open(base, address, [width, height]) {
  // axe is put in by the test and not by the page, so it stands outside the page's own rules.
  const context = await chromium.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  const where = `${address} at ${width}x${height}`;
  page.on("console", (message) => message.type() === "error" && faults.push(`${where}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`${where}: ${error}`));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
  await page.goto(base + address);
  return page;
}

async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const { id, nodes } of violations) faults.push(`${where}: axe ${id}: ${nodes[0].html.slice(0, 160)}`);
}

async function fits(page, where) {
  const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if (wide > inner) faults.push(`${where}: ${wide} px wide on a screen of ${inner}`);
}

async function everyPage(base) {
  const { units } = await (await fetch(`${base}/api/v1/units`)).json();
  for (const screen of [...SCREENS, ENLARGED]) {
    const page = await open(base, "/tillganglighet", screen);
    for (const path of PAGES.map((path) => path.replace("UNIT", units[0].unit))) {
      for (const lang of ["sv", "en"]) {
        for (const theme of ["light", "dark"]) {
          const where = `${path}?lang=${lang}&theme=${theme} at ${screen.join("x")}`;
          await page.goto(`${base}${path}?lang=${lang}&theme=${theme}`);
          assert.equal(await page.getAttribute("html", "lang"), lang);
          if (path === "/") await page.waitForFunction(() => document.querySelector("#updated").textContent !== "–");
          await fits(page, where);
          // What axe judges is the same enlarged, but for what is cut off.
          if (screen !== ENLARGED) await accessible(page, where);
        }
      }
    }
    await page.context().close();
  }
}

/// The pictures of the README, where somebody wants them made anew.
async function pictures(base, folder) {
  for (const [name, address, screen] of [
    ["wallboard", "/?theme=dark", SCREENS[0]],
    ["units", "/units?theme=light", SCREENS[1]],
    ["phone", "/?theme=light", SCREENS[2]],
  ]) {
    const page = await open(base, address, screen);
    if (name !== "units") await page.waitForFunction(() => document.querySelector("#updated").textContent !== "–");
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.context().close();
  }
}

/// The board shows what the API says: compared at a moment at which both say the same revision.
async function figures(base) {
  const page = await open(base, "/?lang=en", SCREENS[0]);
  const told = ({ ratio }) => (ratio === null ? "–" : ratio === 1 ? "100%" : `${Math.min(ratio * 100, 99.9).toFixed(1)}%`);
  const shown = (queue, field) => page.textContent(`[data-queue="${queue}"] [data-field="${field}"]`);
  await until("the board and the API to agree", 20000, async () => {
    const live = await (await fetch(`${base}/api/v1/live`)).json();
    assert.ok(live.queues.length > 1);
    for (const { queue, windows, waiting } of live.queues) {
      assert.equal(await shown(queue, "level30"), told(windows["30m"].level));
      assert.equal(await shown(queue, "today"), told(windows.today.level));
      assert.equal(await shown(queue, "answered"), windows.today.answered.toLocaleString("en-GB"));
      assert.equal(await shown(queue, "offered"), `of ${windows.today.offered.toLocaleString("en-GB")}`);
      assert.equal(await shown(queue, "waiting"), String(waiting));
    }
    return true;
  });
  await until("the queue's page and the API to agree", 20000, async () => {
    await page.goto(`${base}/queues/kundtjanst?lang=en`);
    const { sum } = await (await fetch(`${base}/api/v1/queues/kundtjanst/intervals`)).json();
    assert.equal(await page.textContent('[data-figure="offered"]'), sum.offered.toLocaleString("en-GB"));
    assert.equal(await page.textContent('[data-figure="answered"]'), sum.answered.toLocaleString("en-GB"));
    return true;
  });
  const { units } = await (await fetch(`${base}/api/v1/units`)).json();
  await page.goto(`${base}/units?lang=en`);
  const rows = await page.locator("[data-unit]").evaluateAll((rows) => rows.map((row) => row.dataset.unit));
  assert.deepEqual([...rows].sort(), units.map(({ unit }) => unit).sort());
  await page.context().close();
}

async function keyboard(base) {
  for (const path of ["/", "/units", "/reports"]) {
    const page = await open(base, path, SCREENS[1]);
    const wanted = await page.locator("a[href], button, input:not([type=hidden]), [tabindex='0']").count();
    const reached = new Set();
    for (let at = 0; at < wanted * 2 + 10 && reached.size < wanted; at += 1) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const node = document.activeElement;
        if (node === document.body) return null;
        const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), [tabindex='0']")];
        const { outlineStyle, outlineWidth } = getComputedStyle(node);
        return { at: all.indexOf(node), ring: outlineStyle !== "none" && outlineWidth !== "0px", html: node.outerHTML.slice(0, 80) };
      });
      if (seen === null) continue;
      if (!seen.ring) faults.push(`${path}: no ring around ${seen.html}`);
      reached.add(seen.at);
    }
    assert.equal(reached.size, wanted, `${path}: everything can be reached by keyboard`);
    await page.context().close();
  }
}

/// Callers who wait too long turn the queue's state, which is told once and politely.
async function incident() {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const daemon = await posted(port);
  const say = async (...events) => {
    const body = events.map(([call, type, agoS, more]) => JSON.stringify({
      id: `${call}-${type}`, call, type, queue: "kundtjanst", time: new Date(Date.now() - agoS * 1000).toISOString(), ...more,
    })).join("\n");
    const answer = await fetch(`${base}/api/v1/events`, { method: "POST", body, headers: { "content-type": "application/x-ndjson" } });
    assert.equal(answer.status, 200, await answer.text());
  };
  const page = await open(base, "/?lang=en", SCREENS[0]);
  const state = () => page.getAttribute(".tile", "data-state");
  for (let at = 0; at < 10; at += 1) await say([`good${at}`, "visit.entered", 60], [`good${at}`, "visit.answered", 55]);
  await until("ten prompt answers to be OK", 10000, async () => (await state()) === "ok");
  const before = await page.textContent("#summary");
  for (let at = 0; at < 10; at += 1) await say([`bad${at}`, "visit.entered", 100], [`bad${at}`, "visit.answered", 20]);
  await until("ten late answers to be under target", 10000, async () => (await state()) === "under");
  assert.match(await page.textContent(".state"), /Under target/);
  assert.equal(await page.getAttribute("#summary", "aria-live"), "polite");
  assert.notEqual(await page.textContent("#summary"), before);
  assert.equal(await page.textContent("#summary"), "Kundtjänst: Under target");
  await page.context().close();
  await kill(daemon);
}

/// Killed: said within 15 s of the last word, blank at 60 s, back by itself.
async function killed(base, daemon, port) {
  const page = await open(base, "/?lang=en", SCREENS[0]);
  const level = () => page.textContent('[data-field="answered"]');
  await until("figures", 10000, async () => (await level()) !== "–");
  const from = faults.length;
  await kill(daemon, "SIGKILL");
  const dead = performance.now();
  await until("the age to be said", 20000, () => page.isVisible("#banner"));
  const said = (performance.now() - dead) / 1000;
  assert.ok(said < 16.5, `said after ${said} s`);
  assert.notEqual(await level(), "–", "figures stand while they are only old");
  await until("the figures to go", 60000, async () => (await level()) === "–");
  const blank = (performance.now() - dead) / 1000;
  assert.ok(blank > 55 && blank < 62, `blank after ${blank} s`);
  assert.match(await page.getAttribute("#banner", "class"), /lost/);
  const again = await demo(port);
  await until("the figures to come back", 20000, async () => (await level()) !== "–" && !(await page.isVisible("#banner")));
  faults.splice(from); // a browser rightly complains of a daemon that is not there
  await page.context().close();
  console.log(`killed: said after ${said.toFixed(1)} s, blank after ${blank.toFixed(1)} s`);
  return again;
}

const port = await freePort();
const base = `http://127.0.0.1:${port}`;
let daemon = await demo(port);
try {
  await until("the first two hours", 30000, async () => (await (await fetch(`${base}/api/v1/units`)).json()).units.length > 3);
  if (process.env.SERVICEGRAD_PICTURES) await pictures(base, process.env.SERVICEGRAD_PICTURES);
  for (const [what, look] of [["figures", figures], ["every page", everyPage], ["keyboard", keyboard], ["incident", incident]]) {
    const from = performance.now();
    await look(base);
    console.log(`${what}: ${((performance.now() - from) / 1000).toFixed(0)} s, ${faults.length} faults so far`);
  }
  daemon = await killed(base, daemon, port);
} finally {
  await chromium.close();
  await kill(daemon);
}
assert.deepEqual(faults, []);
