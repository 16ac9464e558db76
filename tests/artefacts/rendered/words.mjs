// What a panel must say of its answers, reckoned without Grafana: each value in its unit and decimals,
// in the colour of its step, under its name. Knows the panels' settings as far as our dashboards use
// them, and says so where they use more.

import { answer, legend } from "./frames.mjs";

const fixed = (value, decimals) => {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
};
/// The largest of some steps that a value reaches, and the value in it.
const scaled = (steps) => (value, decimals) => {
  const [size, name] = steps.findLast(([from]) => Math.abs(value) >= from) ?? steps[0];
  return `${fixed(value / size, decimals)}${name}`;
};
const TIMES = [[1e-6, " µs"], [1e-3, " ms"], [1, " s"], [60, " min"], [3600, " hour"], [86400, " day"], [604800, " week"], [31536000, " year"]];
const two = (number) => String(Math.floor(number)).padStart(2, "0");

/// How the units of our dashboards read, by Grafana's names of them.
const UNITS = {
  none: (value, decimals) => fixed(value, decimals),
  locale: (value, decimals, language) => value.toLocaleString({ sv: "sv-SE", en: "en-GB" }[language], { maximumFractionDigits: decimals }),
  percentunit: (value, decimals) => `${fixed(100 * value, decimals)}%`,
  eps: (value, decimals) => `${fixed(value, decimals)} evt/s`,
  reqps: (value, decimals) => `${fixed(value, decimals)} req/s`,
  bytes: scaled([[1, " B"], [1024, " KiB"], [1024 ** 2, " MiB"], [1024 ** 3, " GiB"]]),
  dthms: (value) => `${two(value / 3600)}:${two((value % 3600) / 60)}:${two(value % 60)}`,
  // One is singular for Grafana, and nothing has seconds.
  s: (value, decimals) => {
    if (value === 0) return "0 s";
    const text = scaled(TIMES)(value, decimals);
    return Math.abs(value) >= 60 && !/^-?1(\.0+)? /.test(text) ? `${text}s` : text;
  },
  "suffix:s": (value, decimals) => `${fixed(value, decimals)} s`,
};

/// The settings that hold for the series or column of this name. What has been renamed is known by its
/// new name from there on.
function settings({ fieldConfig: { defaults, overrides } }, refId, name) {
  const held = { ...defaults };
  for (const { matcher, properties } of overrides) {
    const is = { byName: (held.displayName ?? name) === matcher.options, byFrameRefID: refId === matcher.options }[matcher.id];
    if (is === undefined) throw new Error(`nobody has reckoned with overrides ${matcher.id}`);
    if (is) for (const { id, value } of properties) held[id] = value;
  }
  return held;
}

/// The last step that a value reaches.
const step = ({ steps }, value) => steps.findLast((one) => one.value === null || value >= one.value).color;

/// A margin to a target has the colour that its panel's description promises, whatever the steps say.
const isMargin = ({ expr }) => / - on \(.*_target_ratio$/.test(expr ?? "");
const margin = (value) => (value >= 0 ? "green" : value >= -0.03 ? "orange" : "red");

/// How a value reads, and in which colour by name.
function worded(held, value, language) {
  if (value === null || value === undefined || Number.isNaN(value)) return { text: held.noValue };
  const state = held.mappings.find(({ options }) => options[value] !== undefined)?.options[value];
  if (state !== undefined) return { text: state.text, colour: state.color };
  if (typeof value === "string") return { text: value };
  const unit = UNITS[held.unit];
  if (unit === undefined) throw new Error(`nobody has reckoned with the unit ${held.unit}`);
  return { text: unit(value, held.decimals ?? 0, language), colour: step(held.thresholds, value) };
}

/// The newest value of every series of a panel, by target and name.
export function newest(panel, answers, language) {
  const said = (refId, name, value) => {
    const held = settings(panel, refId, name);
    return { name: held.displayName ?? name, ...worded(held, value, language) };
  };
  return panel.targets.flatMap((target) => {
    const found = answer(target, answers);
    if (target.rawSql === undefined) {
      return found.map((one) => {
        const value = Number((one.values?.at(-1) ?? one.value)[1]);
        return { ...said(target.refId, legend(target, one.metric), value), ...(isMargin(target) && { colour: margin(value) }) };
      });
    }
    const metrics = new Map();
    for (const { time, metric, value } of found) {
      const held = metrics.get(metric);
      if (value !== null && (held === undefined || held.time < time)) metrics.set(metric, { time, value });
    }
    return [...metrics].map(([metric, { value }]) => said(target.refId, metric, value));
  });
}

/// A moment as tables show it.
const moment = (text) => new Date(text).toLocaleString("sv-SE", { timeZone: "Europe/Stockholm" });

/// The cells of a table: what stands at its head, and its rows in whatever order.
export function cells(panel, answers, language) {
  const found = panel.targets.map((target) => answer(target, answers));
  const organised = panel.transformations.find(({ id }) => id === "organize")?.options;
  let rows = found[0];
  if (organised !== undefined) {
    const joined = new Map();
    found.forEach((all, at) => {
      const value = panel.targets.length > 1 ? `Value #${panel.targets[at].refId}` : "Value";
      for (const { metric, value: [, text] } of all) {
        const { __name__, ...labels } = metric;
        const key = JSON.stringify(Object.entries(labels).sort());
        joined.set(key, { ...labels, ...joined.get(key), [value]: Number(text) });
      }
    });
    rows = [...joined.values()];
  }
  const given = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = organised === undefined ? [...given] : Object.keys(organised.indexByName).filter((one) => given.has(one)).sort((a, b) => organised.indexByName[a] - organised.indexByName[b]);
  const held = columns.map((column) => settings(panel, null, organised?.renameByName[column] ?? column));
  const head = columns.map((column, at) => held[at].displayName ?? organised?.renameByName[column] ?? column);
  const said = (value, at) => worded(held[at], value === "" ? null : value, language);
  // The columns that are judged, by their place; their values in words and colour.
  const judged = columns.flatMap((_, at) => (held[at]["custom.cellOptions"]?.type === "color-text" ? [at] : []));
  const colours = judged.flatMap((at) => rows.map((row) => said(row[columns[at]], at)));
  const word = (value, at) => (/^\d{4}-\d\d-\d\dT/.test(value) ? moment(value) : said(value, at).text);
  return { head, judged, colours, rows: rows.map((row) => columns.map((column, at) => word(row[column], at))), values: rows.map((row) => columns.map((column) => row[column])) };
}
