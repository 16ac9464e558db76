// A dashboard on a page: every panel in Grafana's frame, at its place in the grid. Tells afterwards what
// the engine made of the data, for those who compare.

import { colorManipulator, createTheme, dateTime, formattedValueToString, getFieldDisplayName, getFieldSeriesColor, ThemeContext } from "@grafana/data";
import { GlobalStyles, PanelChrome } from "@grafana/ui";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { prepared, unknown } from "./engine.mjs";
import { frames } from "./frames.mjs";
import { DRAWN, Words } from "./panels.jsx";

/// Pixels of a row of the grid and between panels.
const [ROW, GAP] = [30, 8];

/// The time that there is something of.
function range(data) {
  const times = data.flatMap((frame) => frame.fields.filter((field) => field.type === "time").flatMap((field) => field.values));
  const [from, to] = [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), -Infinity)];
  return { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
}

function Panel({ panel, data, theme, wide }) {
  const { x, y, w, h } = panel.gridPos;
  const column = (wide + GAP) / 24;
  const [width, height] = [w * column - GAP, h * (ROW + GAP) - GAP];
  const Drawn = DRAWN[panel.type] ?? Words;
  return (
    <div data-panel={panel.id} style={{ position: "absolute", left: x * column, top: y * (ROW + GAP), width, height }}>
      <PanelChrome title={panel.title} description={panel.description} {...{ width, height }}>
        {(innerWidth, innerHeight) =>
          data.length === 0 ? <div data-nothing>{panel.fieldConfig.defaults.noValue}</div> : <Drawn {...{ panel, data, theme }} range={range(data)} width={innerWidth} height={innerHeight} />}
      </PanelChrome>
    </div>
  );
}

const numbers = (data) => data.flatMap((frame) => frame.fields.filter((one) => one.type === "number").map((field) => [field, frame]));

/// What the engine makes of a panel: settings that it knows nothing of, the newest value of each series
/// in its words, the colours of the lines.
function made(panel, data, theme) {
  const newest = numbers(data).map(([field, frame]) => {
    const value = field.values.findLast((one) => one !== null);
    return { name: getFieldDisplayName(field, frame, data), text: formattedValueToString(field.display(value)) };
  });
  const lines = numbers(data).map(([field]) => getFieldSeriesColor(field, theme).color.toLowerCase());
  return { unknown: unknown(panel), newest, lines };
}

const COLOURS = ["red", "orange", "green", "gray", "text"];

/// Draws a dashboard, and tells what is known of it.
window.draw = async (board, answers, mode) => {
  const theme = createTheme({ colors: { mode } });
  const panels = [];
  const told = {};
  for (const panel of board.panels) {
    const data = await prepared(panel, frames(panel, answers), theme);
    panels.push({ panel, data });
    // Before it is drawn: drawing adds to the data.
    told[panel.id] = made(panel, data, theme);
  }
  const wide = document.documentElement.clientWidth - 2 * GAP;
  const high = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * (ROW + GAP);
  const page = document.querySelector("#page");
  Object.assign(page.style, { position: "relative", margin: `${GAP}px`, width: `${wide}px`, height: `${high}px` });
  const root = createRoot(page);
  const show = (children) => flushSync(() => root.render(<ThemeContext.Provider value={theme}><GlobalStyles />{children}</ThemeContext.Provider>));
  // Widths are measured by the font, so it is there before anything is.
  show(null);
  await Promise.all([400, 500].map((weight) => document.fonts.load(`${weight} 14px Inter`)));
  show(panels.map(({ panel, data }) => <Panel key={panel.id} {...{ panel, data, theme, wide }} />));
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return {
    colours: Object.fromEntries(COLOURS.map((name) => [name, colorManipulator.asHexString(theme.visualization.getColorByName(name))])),
    told,
  };
};
