// The wallboard: fills the page with live figures and says when they are old.
// Whole figures come with each message, so nothing is lost by a line that was cut.

const STALE_S = 15; // from here on the age is said
const BLANK_S = 60; // from here on there are no figures
const POLL_MS = 5000; // where the stream does not come through

const texts = JSON.parse(document.getElementById("texts").textContent);
const language = document.documentElement.lang;
const locale = language === "sv" ? "sv-SE" : "en-GB";
const percent = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(locale);
const timeZone = document.body.dataset.zone; // the organisation's, wherever the screen hangs
const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone });
const clock = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
const token = new URLSearchParams(location.search).get("token");
const address = "/api/v1/live" + (token ? "?token=" + encodeURIComponent(token) : "");

const NONE = "–";
let heard = performance.now(); // when we last heard anything, by a clock that cannot be set
let latest = null;
let stream = null;
let blanked = false;

function seconds(value) {
  if (value === null || value === undefined) return NONE;
  const rounded = Math.round(value);
  return rounded >= 60 ? `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, "0")}` : `${rounded}\u00a0s`;
}

function ratio(share) {
  return share && share.ratio !== null ? percent.format(share.ratio) : NONE;
}

function put(tile, field, text) {
  const place = tile.querySelector(`[data-field="${field}"]`);
  if (place && place.textContent !== text) place.textContent = text;
}

function draw(svg, queue) {
  const shapes = [];
  const shape = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    shapes.push(node);
  };
  const quarters = queue.trend;
  const width = 960, height = 120;
  shape("line", { class: "base", x1: 0, x2: width, y1: height, y2: height });
  if (quarters.length > 0) {
    const first = quarters[0].start_ms;
    const slots = Math.max(32, Math.round((quarters[quarters.length - 1].start_ms - first) / 900000) + 1);
    const step = width / slots;
    for (const quarter of quarters) {
      if (quarter.level === null) continue;
      const x = ((quarter.start_ms - first) / 900000) * step;
      const low = queue.objective && quarter.level < queue.objective.target;
      const tall = Math.max(2, quarter.level * height);
      shape("rect", { class: low ? "bar low" : "bar", x: x + step * 0.12, y: height - tall, width: step * 0.76, height: tall });
    }
  }
  if (queue.objective) {
    const y = height * (1 - queue.objective.target);
    shape("line", { class: "goal", x1: 0, x2: width, y1: y, y2: y });
  }
  svg.replaceChildren(...shapes);
}

function show(live) {
  if (live.version !== document.body.dataset.version) return location.reload();
  const told = [];
  for (const queue of live.queues) {
    const tile = document.querySelector(`.tile[data-queue="${CSS.escape(queue.queue)}"]`);
    if (!tile) continue;
    if (tile.dataset.state !== queue.state) {
      if (latest) told.push(`${queue.title}: ${texts["state-" + queue.state]}`);
      tile.dataset.state = queue.state;
    }
    tile.querySelector(".word").textContent = texts["state-" + queue.state];
    const recent = queue.windows["30m"], today = queue.windows["today"];
    const fresh = queue.fresh;
    put(tile, "level30", fresh ? ratio(recent.level) : NONE);
    put(tile, "n30", fresh && recent.level ? `n = ${whole.format(recent.level.of)}` : "");
    put(tile, "levelToday", ratio(today.level));
    put(tile, "nToday", today.level ? `n = ${whole.format(today.level.of)}` : "");
    put(tile, "waiting", fresh ? whole.format(queue.waiting) : NONE);
    put(tile, "longest", fresh ? (queue.waiting > 0 ? seconds(queue.longest_wait_s) : NONE) : NONE);
    put(tile, "answered", whole.format(today.answered));
    put(tile, "offered", `${texts["board-of"]} ${whole.format(today.offered)}`);
    const agents = Object.values(queue.agents).reduce((sum, count) => sum + count, 0);
    put(tile, "agents", fresh && agents > 0 ? whole.format(queue.agents.available ?? 0) : NONE);
    put(tile, "talking", fresh && agents > 0 ? `${texts["board-of"]} ${whole.format(agents)}` : "");
    draw(tile.querySelector("svg"), queue);
  }
  const down = live.sources.filter((source) => !source.up);
  document.getElementById("sources").textContent = live.store_trouble
    ? texts["board-store-down"]
    : down.length > 0
      ? `${texts["board-source-down"]}: ${down.map((source) => source.source).join(", ")}`
      : texts["board-sources-ok"];
  document.getElementById("updated").textContent = time.format(new Date(live.at_ms));
  if (told.length > 0) document.getElementById("summary").textContent = told.join(". ");
  latest = live;
  blanked = false;
}

function blank() {
  blanked = true;
  for (const tile of document.querySelectorAll(".tile")) {
    tile.dataset.state = "stale";
    tile.querySelector(".word").textContent = texts["state-no_data"];
    for (const place of tile.querySelectorAll("[data-field]")) place.textContent = place.classList.contains("note") ? "" : NONE;
    tile.querySelector("svg").replaceChildren();
  }
}

function hear(text) {
  heard = performance.now();
  show(JSON.parse(text));
  watch();
}

function watch() {
  const age = Math.floor((performance.now() - heard) / 1000);
  const banner = document.getElementById("banner");
  banner.hidden = age < STALE_S;
  banner.classList.toggle("lost", age >= BLANK_S);
  if (age >= BLANK_S) {
    banner.textContent = texts["board-lost"];
    if (!blanked) blank();
  } else if (age >= STALE_S) {
    banner.textContent = texts["board-age"].replace("{n}", String(age));
  }
  document.getElementById("clock").textContent = clock.format(new Date());
}

function connect() {
  stream?.close();
  stream = new EventSource(address);
  stream.onmessage = (message) => hear(message.data);
}

// The stream reconnects by itself as a rule; one that has gone silent is opened anew, and meanwhile
// the figures are asked for.
async function poll() {
  if (performance.now() - heard > STALE_S * 1000) {
    if (stream.readyState === EventSource.CLOSED || performance.now() - heard > 2 * STALE_S * 1000) connect();
    try {
      const answer = await fetch(address, { headers: { accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(POLL_MS) });
      if (answer.ok) hear(await answer.text());
    } catch {
      // Said by the banner.
    }
  }
  setTimeout(poll, POLL_MS);
}

connect();
poll();
watch();
setInterval(watch, 1000);
