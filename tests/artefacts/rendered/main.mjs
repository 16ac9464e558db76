// Draws every dashboard as Grafana's own components draw it, from what the tests' Prometheus and
// PostgreSQL answered, compares what is read with what was answered, and leaves a picture of each.
//
//     node main.mjs DASHBOARDS ANSWERS PICTURES
//
// `.ci/panels` gathers the answers and calls this. What Grafana's packages cannot draw is named.

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { browser, bundled, open } from "./browser.mjs";
import { faults, read } from "./sight.mjs";
import { cells, newest } from "./words.mjs";

const [dashboards, answered, pictures] = process.argv.slice(2);
const THEMES = { sv: "dark", en: "light" };
const DRAWN = ["stat", "bargauge", "timeseries", "table"];
const answers = Object.assign({}, ...["prometheus", "postgres"].map((source) => JSON.parse(readFileSync(join(answered, `${source}.json`), "utf8"))));

const wrong = [];
const undrawn = [];
const judged = {};
let [boards, panels, figures] = [0, 0, 0];

function complain(place, fault) {
  console.log(`${place}: ${fault}`);
  wrong.push(fault);
}

const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ");
const told = (list) => list.map((one) => JSON.stringify(one)).sort();

function count(values) {
  for (const { colour } of values) judged[colour] = (judged[colour] ?? 0) + 1;
}

/// What one of two lists has and the other has not.
function compare(place, what, wanted, found) {
  figures += wanted.length;
  const [left, right] = [told(wanted), told(found)];
  if (left.join() === right.join()) return;
  const only = (these, those) => these.filter((one) => !those.includes(one)).slice(0, 4).join(" ");
  complain(place, `${what}: ${left.length} answered, ${right.length} shown; only answered: ${only(left, right)}; only shown: ${only(right, left)}`);
}

/// The column that a table is sorted by rises, or falls where the largest comes first.
function sorted(place, panel, { head, rows, values }, shown) {
  for (const { displayName, desc } of panel.options.sortBy) {
    const column = head.indexOf(displayName);
    if (column < 0) complain(place, `is sorted by ${displayName}, which it has not`);
    const value = (row) => values[rows.findIndex((one) => one.join() === row.join())]?.[column];
    const order = shown.map(value);
    if (order.some((one, at) => at > 0 && (desc ? one > order[at - 1] : one < order[at - 1]))) complain(place, `is not sorted by ${displayName}: ${order}`);
  }
}

function judge(place, panel, language, { colours, told }, seen) {
  for (const id of told.unknown) complain(place, `Grafana knows no \`${id}\``);
  const hex = (name) => colours[name].toLowerCase();
  if (panel.type === "table") {
    const wanted = cells(panel, answers, language);
    compare(place, "head", [wanted.head], [seen.head]);
    compare(place, "rows", wanted.rows.map((row) => row.map(plain)), seen.rows);
    const painted = wanted.judged.flatMap((at) => seen.rows.map((row, line) => ({ text: row[at], colour: seen.painted[line][at] })));
    compare(place, "colours", wanted.colours.map(({ text, colour }) => ({ text: plain(text), colour: hex(colour) })), painted);
    count(wanted.colours);
    sorted(place, panel, wanted, seen.rows);
    return;
  }
  const wanted = newest(panel, answers, language).map((one) => ({ ...one, text: plain(one.text) }));
  if (panel.type === "timeseries") {
    const words = ({ name, text }) => ({ name, text });
    compare(place, "newest", wanted.map(words), told.newest.map((one) => words({ ...one, text: plain(one.text) })));
    compare(place, "legend", wanted.map(({ name }) => name), seen.legend);
    if (!seen.colours.some((colour) => told.lines.includes(colour))) complain(place, "no line is drawn");
    return;
  }
  if (panel.type === "heatmap") return;
  count(wanted);
  const isNamed = panel.options.textMode === "name";
  const shown = isNamed ? seen.values.map(({ name }) => ({ name })) : [...seen.values, ...seen.words];
  const answered = isNamed ? wanted.map(({ name }) => ({ name })) : wanted.map(({ name, text, colour }) => ({ name, text, colour: hex(colour) }));
  compare(place, "values", answered, shown);
}

async function draw(chromium, files, language, name) {
  const place = `${language}/${name}`;
  const board = JSON.parse(readFileSync(join(dashboards, language, `${name}.json`), "utf8"));
  const page = await open(chromium, files, language, (fault) => complain(place, fault));
  const { colours, told } = await page.evaluate(([board, answers, theme]) => window.draw(board, answers, theme), [board, answers, THEMES[language]]);
  await page.waitForLoadState("networkidle");
  for (const panel of board.panels) {
    const here = `${place}: ${panel.title}`;
    panels += 1;
    for (const fault of await page.evaluate(faults, panel.id)) complain(here, fault);
    const seen = await page.evaluate(read, panel.id);
    try {
      judge(here, panel, language, { colours, told: told[panel.id] }, seen);
    } catch (error) {
      complain(here, error.message);
    }
    if (!DRAWN.includes(panel.type)) undrawn.push(`${here} (${panel.type})`);
  }
  await page.screenshot({ path: join(pictures, `${language}-${name}.png`), fullPage: true });
  await page.context().close();
  boards += 1;
}

mkdirSync(pictures, { recursive: true });
const files = await bundled();
const chromium = await browser();
try {
  for (const language of Object.keys(THEMES)) {
    for (const file of readdirSync(join(dashboards, language)).sort()) await draw(chromium, files, language, file.replace(/\.json$/, ""));
  }
} finally {
  await chromium.close();
}
console.log(`${boards} dashboards with ${panels} panels, ${panels - undrawn.length} of them drawn; ${figures} figures, names and rows compared; values by colour: ${JSON.stringify(judged)}`);
console.log("Not drawn, since Grafana's packages hold no component for them; their names and newest values are compared where there are any:");
for (const panel of undrawn) console.log(`  ${panel}`);
console.log(wrong.length === 0 ? `Nothing is wrong. The pictures lie in ${pictures}.` : `${wrong.length} things are wrong, as told above.`);
process.exitCode = wrong.length === 0 ? 0 : 1;
