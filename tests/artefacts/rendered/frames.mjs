// Answers of Prometheus and PostgreSQL as data frames, as Grafana's data sources would put them. Knows
// the panels' targets and the answers; knows nothing of how anything is shown.

/// The name of a series: the target's legend with its labels put in.
export const legend = (target, labels) => target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");

/// The answer to a target; there is one to each, or the dashboards are newer than the answers.
export function answer(target, answers) {
  const query = target.rawSql ?? `${target.instant ? "now" : "range"} ${target.expr}`;
  const found = answers[query];
  if (found === undefined) throw new Error(`nobody has asked: ${query}`);
  return typeof found === "string" ? (JSON.parse(found) ?? []) : found;
}

const points = (series) => series.values ?? [series.value];
const number = (text) => (text === "NaN" ? NaN : Number(text.replace("Inf", "Infinity")));
const field = (name, type, values, more = {}) => ({ name, type, values, config: {}, ...more });
const frame = (refId, fields) => ({ refId, fields, length: fields[0]?.values.length ?? 0 });

/// One frame a series.
function series(target, found) {
  return found.map((one) => {
    const config = { displayNameFromDS: legend(target, one.metric) };
    const times = points(one).map(([second]) => second * 1000);
    const values = points(one).map(([, text]) => number(text));
    return frame(target.refId, [field("Time", "time", times), field("Value", "number", values, { config, labels: one.metric })]);
  });
}

/// One frame with a column for each label. Several queries tell their values apart by their letter.
function labelled(target, found, isOneOfSeveral) {
  const labels = [...new Set(found.flatMap((one) => Object.keys(one.metric)))].sort();
  const fields = [field("Time", "time", found.map((one) => one.value[0] * 1000))];
  for (const label of labels) fields.push(field(label, "string", found.map((one) => one.metric[label] ?? "")));
  fields.push(field(isOneOfSeveral ? `Value #${target.refId}` : "Value", "number", found.map((one) => number(one.value[1]))));
  return frame(target.refId, fields);
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/// A column of a table: PostgreSQL writes moments as text.
function column(name, values) {
  const held = values.filter((value) => value !== null);
  if (held.length > 0 && held.every((value) => MOMENT.test(value))) return field(name, "time", values.map((value) => value && Date.parse(value)));
  return field(name, held.every((value) => typeof value === "number") ? "number" : "string", values);
}

/// Rows of time, metric and value become a column for each metric.
function wide(target, rows) {
  const times = [...new Set(rows.map((row) => Date.parse(row.time)))].sort((a, b) => a - b);
  const metrics = [...new Set(rows.map((row) => row.metric))];
  const values = (metric) => {
    const held = new Map(rows.filter((row) => row.metric === metric).map((row) => [Date.parse(row.time), row.value]));
    return times.map((time) => held.get(time) ?? null);
  };
  return frame(target.refId, [field("time", "time", times), ...metrics.map((metric) => field(metric, "number", values(metric)))]);
}

/// What a panel is given.
export function frames(panel, answers) {
  return panel.targets.flatMap((target) => {
    const found = answer(target, answers);
    if (found.length === 0) return [];
    if (target.rawSql !== undefined) {
      if (target.format === "time_series") return [wide(target, found)];
      return [frame(target.refId, Object.keys(found[0]).map((name) => column(name, found.map((row) => row[name]))))];
    }
    return target.format === "table" ? [labelled(target, found, panel.targets.length > 1)] : series(target, found);
  });
}
