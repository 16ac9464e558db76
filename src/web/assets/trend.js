// The day by quarter-hour as bars against the target. Forty bars and a line are shapes of the page: they
// take its colours, a pattern tells them apart without colour, and they stay sharp on any wall. A chart
// library would bring a canvas and ten times the code for less.

const QUARTER_MS = 15 * 60 * 1000;
const HOUR_MS = 4 * QUARTER_MS;
const SHOWN_MIN_MS = 8 * HOUR_MS; // a young day is not drawn as three broad bars

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/// Draws `queue.trend` into `svg`; `hour` and `percent` write a moment and a share.
export function draw(svg, queue, atMs, hour, percent) {
  const box = svg.getBoundingClientRect();
  const width = Math.max(80, box.width), height = Math.max(40, box.height);
  const label = parseFloat(getComputedStyle(svg).fontSize);
  const floor = height - label * 1.5;
  const shapes = [shape("line", { class: "base", x1: 0, x2: width, y1: floor, y2: floor })];
  // A caller in the night has no level, and does not stretch the day.
  const quarters = queue.trend.filter((quarter) => quarter.level !== null);
  if (quarters.length > 0) {
    const first = Math.floor(quarters[0].start_ms / HOUR_MS) * HOUR_MS;
    const last = Math.max(quarters[quarters.length - 1].start_ms + QUARTER_MS, first + SHOWN_MIN_MS);
    const x = (ms) => ((ms - first) / (last - first)) * width;
    const step = x(first + QUARTER_MS);
    for (const quarter of quarters) {
      const low = queue.objective && quarter.level < queue.objective.target;
      const now = atMs < quarter.start_ms + QUARTER_MS;
      const tall = Math.max(3, quarter.level * (floor - 2));
      shapes.push(shape("rect", {
        class: `bar${low ? " low" : ""}${now ? " now" : ""}`,
        x: x(quarter.start_ms) + step * 0.14, y: floor - tall, width: step * 0.72, height: tall,
      }));
    }
    const apart = Math.ceil((label * 3.2) / (step * 4)); // hours between labels, so that they do not touch
    for (let at = first, hours = 0; at < last; at += HOUR_MS, hours += 1) {
      if (hours % apart === 0 && x(at) < width - label * 2) shapes.push(shape("text", { x: x(at), y: height - label * 0.25 }, hour(at)));
    }
  }
  if (queue.objective) {
    const y = floor - queue.objective.target * (floor - 2);
    shapes.push(shape("line", { class: "goal", x1: 0, x2: width, y1: y, y2: y }));
    shapes.push(shape("text", { class: "goal-text", x: width, y: y + label * 1.25, "text-anchor": "end" }, percent(queue.objective.target)));
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...shapes);
}
