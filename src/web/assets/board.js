// The wallboard: fills the page with live figures, and says when they are old.

import { BLANK_MS, STALE_MS, listen } from "./live.js";
import { draw } from "./trend.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const locale = document.documentElement.lang === "sv" ? "sv-SE" : "en-GB";
const timeZone = document.body.dataset.zone; // the organisation's, wherever the screen hangs
const build = document.body.dataset.build;
const one = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const target = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(locale);
const moment = (options) => new Intl.DateTimeFormat(locale, { hourCycle: "h23", timeZone, ...options });
const clock = moment({ hour: "2-digit", minute: "2-digit" });
const second = moment({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = moment({ weekday: "short", day: "numeric", month: "short" });
const night = moment({ hour: "numeric", day: "numeric" });

const NONE = "–";
const ALERTS_SHOWN = 3; // lines; the most pressing come first
const place = (id) => document.getElementById(id);
const tiles = new Map([...document.querySelectorAll(".tile")].map((tile) => [tile.dataset.queue, tile]));
const loadedOn = night.format(new Date());
let shown = null; // the figures on the screen; null: none
let newest = null; // the figures that came last
let paused = false;

function seconds(value) {
  const rounded = Math.floor(value);
  if (rounded < 60) return [String(rounded), "s"];
  const [minutes, rest] = [Math.floor(rounded / 60), String(rounded % 60).padStart(2, "0")];
  return minutes < 60 ? [`${minutes}:${rest}`, ""] : [`${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`, ""];
}

function put(tile, field, value, unit = "") {
  const node = tile.querySelector(`[data-field="${field}"]`);
  const text = value + unit;
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  node.replaceChildren(value);
  if (unit) {
    const small = document.createElement("small");
    small.textContent = unit;
    node.append(small);
  }
}

/// 100 means every one: what only rounds to it is not shown as it.
function percent(ratio) {
  return ratio === 1 ? "100" : one.format(Math.min(ratio * 100, 99.9));
}

function level(tile, field, share, objective) {
  const told = share !== null && share.ratio !== null;
  const low = told && objective !== null && share.ratio < objective.target;
  const numbers = told ? `${whole.format(share.met)} ${texts["board-of"]} ${whole.format(share.of)}` : "";
  put(tile, field, told ? percent(share.ratio) : NONE, told ? "%" : "");
  put(tile, `${field}-n`, told ? `${low ? "■ " : ""}${numbers}` : share ? texts["board-no-calls"] : "");
  tile.querySelector(`[data-field="${field}-n"]`).classList.toggle("low", low);
  const meter = tile.querySelector(`[data-meter="${field}"]`);
  meter.classList.toggle("low", low);
  meter.querySelector(".fill").setAttribute("width", told ? share.ratio * 100 : 0);
  if (objective) meter.querySelector(".goal").setAttribute("x", Math.min(objective.target * 100, 99) - 0.4);
}

function state(tile, name) {
  tile.dataset.state = name;
  const pill = tile.querySelector(".state");
  pill.dataset.state = name;
  pill.querySelector(".word").textContent = texts[`state-${name}`];
}

function fill(tile, queue, live) {
  state(tile, queue.state);
  // Without a promise there is nothing to keep, and figures all the same.
  tile.querySelector(".state").hidden = queue.objective === null && queue.state === "no_data";
  const today = queue.windows.today, fresh = queue.fresh;
  level(tile, "level30", fresh ? queue.windows["30m"].level : null, queue.objective);
  level(tile, "today", today.level, queue.objective);
  put(tile, "waiting", fresh ? whole.format(queue.waiting) : NONE);
  put(tile, "longest", ...(fresh && queue.longest_wait_s !== null && queue.waiting > 0 ? seconds(queue.longest_wait_s) : [NONE]));
  put(tile, "answered", whole.format(today.answered));
  put(tile, "offered", `${texts["board-of"]} ${whole.format(today.offered)}`);
  const agents = Object.entries(queue.agents).filter(([is]) => is !== "logged_out").reduce((sum, [, count]) => sum + count, 0);
  const known = fresh && Object.keys(queue.agents).length > 0;
  put(tile, "available", known ? whole.format(queue.agents.available ?? 0) : NONE);
  put(tile, "agents", known ? `${texts["board-of"]} ${whole.format(agents)}` : texts["board-not-told"]);
  draw(tile.querySelector(".trend svg"), queue, live.at_ms, (ms) => clock.format(ms), (share) => target.format(share));
}

function footer(live) {
  const down = live.sources.filter((source) => !source.up).map((source) => source.source);
  const trouble = live.store_trouble !== null || down.length > 0;
  const sources = place("sources");
  sources.classList.toggle("trouble", trouble);
  sources.textContent = live.store_trouble !== null
    ? texts["board-store-down"]
    : trouble ? `${texts["board-source-down"]}: ${down.join(", ")}` : texts["board-sources-ok"];
  place("updated").textContent = second.format(live.at_ms);
}

function words(alert) {
  return alert.summary[document.documentElement.lang];
}

function alerts(live) {
  const list = place("alerts");
  list.hidden = live.alerts.length === 0;
  const lines = live.alerts.map(words);
  // The figures keep their place: what is too much for it is counted.
  if (lines.length > ALERTS_SHOWN) {
    const more = lines.splice(ALERTS_SHOWN - 1).length;
    lines.push(list.dataset.more.replace("{n}", whole.format(more)));
  }
  list.replaceChildren(...lines.map((text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
}

/// What a person who cannot see the board is told: changes of state and alerts, no figure.
function announce(live) {
  if (shown === null) return;
  const before = new Map(shown.queues.map((queue) => [queue.queue, queue.state]));
  const told = live.queues
    .filter((queue) => tiles.has(queue.queue) && before.get(queue.queue) !== queue.state)
    .map((queue) => `${queue.title}: ${texts[`state-${queue.state}`]}`);
  const known = new Set(shown.alerts.map(words));
  told.push(...live.alerts.map(words).filter((text) => !known.has(text)));
  if (told.length > 0) place("summary").textContent = told.join(". ");
}

function render(live) {
  announce(live);
  // First, since they take of the room that the charts are drawn for.
  alerts(live);
  for (const queue of live.queues) {
    const tile = tiles.get(queue.queue);
    if (tile) fill(tile, queue, live);
  }
  footer(live);
  shown = live;
}

function show(live) {
  newest = live;
  // Another build of the program, or a night gone by: begin anew, now that the daemon answers.
  const now = night.formatToParts(new Date()).find((part) => part.type === "hour").value;
  if (live.build !== build || (now === "3" && night.format(new Date()) !== loadedOn)) return location.reload();
  if (!paused) render(live);
}

function blank() {
  if (shown === null) return;
  shown = null;
  place("summary").textContent = texts["board-lost"];
  for (const tile of tiles.values()) {
    state(tile, "no_data");
    for (const node of tile.querySelectorAll("[data-field]")) put(tile, node.dataset.field, node.classList.contains("note") ? "" : NONE);
    for (const bar of tile.querySelectorAll(".fill")) bar.setAttribute("width", 0);
    tile.querySelector(".trend svg").replaceChildren();
  }
}

function age(ms) {
  const banner = place("banner");
  const lost = ms >= BLANK_MS;
  banner.hidden = ms < STALE_MS && !paused;
  banner.classList.toggle("lost", lost);
  banner.textContent = lost
    ? texts["board-lost"]
    : ms >= STALE_MS ? texts["board-age"].replace("{n}", Math.round(ms / 1000)) : paused ? texts["board-paused"] : "";
  if (lost) blank();
  if (newest === null) return;
  // The daemon's time, gone on by how old its figures are: nobody sets the clock of a screen on a wall.
  const now = new Date(newest.at_ms + ms);
  place("day").textContent = day.format(now);
  place("time").textContent = clock.format(now);
}

place("pause").addEventListener("click", () => {
  paused = !paused;
  place("pause").setAttribute("aria-pressed", String(paused));
  if (!paused && newest) render(newest);
});
addEventListener("resize", () => shown && render(shown));
listen(document.body.dataset.live, show, age);
