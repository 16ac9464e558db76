// Grafana's own engine of field settings, set up as a Grafana server does: which settings there are,
// what they are where a panel says nothing, which transformations and matchers it knows.

import * as grafana from "@grafana/data";

/// Settings of every field, with what Grafana makes of a value of each.
const STANDARD = {
  unit: grafana.unitOverrideProcessor, decimals: grafana.numberOverrideProcessor, min: grafana.numberOverrideProcessor,
  max: grafana.numberOverrideProcessor, displayName: grafana.displayNameOverrideProcessor, noValue: grafana.stringOverrideProcessor,
  color: grafana.identityOverrideProcessor, mappings: grafana.valueMappingsOverrideProcessor, thresholds: grafana.thresholdsOverrideProcessor,
};
/// Settings of a kind of panel, with what holds where nothing is said.
const CUSTOM = {
  timeseries: {
    drawStyle: "line", lineWidth: 1, fillOpacity: 0, gradientMode: "none", lineInterpolation: "linear", lineStyle: { fill: "solid" },
    showPoints: "auto", pointSize: 5, spanNulls: false, barAlignment: 0, barWidthFactor: 0.6, stacking: { mode: "none", group: "A" },
    axisPlacement: "auto", axisLabel: "", axisColorMode: "text", axisBorderShow: false, axisGridShow: true, axisCenteredZero: false,
    scaleDistribution: { type: "linear" }, thresholdsStyle: { mode: "off" }, hideFrom: { tooltip: false, viz: false, legend: false },
  },
  table: { align: "auto", cellOptions: { type: "auto" }, width: null, minWidth: 150, inspect: false, filterable: false },
};

const property = (id, path, isCustom, process) => ({ id, path, isCustom, name: id, settings: {}, editor: () => null, override: () => null, shouldApply: () => true, process });

function registry(kind) {
  const standard = Object.entries(STANDARD).map(([id, process]) => property(id, id, false, process));
  const custom = Object.entries(CUSTOM[kind] ?? {}).map(([id, otherwise]) => property(`custom.${id}`, id, true, (value) => value ?? otherwise));
  return new grafana.FieldConfigOptionsRegistry(() => [...standard, ...custom]);
}

// Some stand there under two names.
const known = [...new Map(Object.values(grafana.standardTransformers).map((one) => [one.id, one])).values()];
grafana.standardTransformersRegistry.setInit(() => known.map((transformation) => ({ id: transformation.id, name: transformation.id, transformation: () => Promise.resolve(transformation) })));

/// Settings that no registry has: Grafana would pass them over in silence.
export function unknown({ type, fieldConfig, transformations }) {
  const settings = registry(type);
  const asked = [
    ...Object.keys(fieldConfig.defaults).filter((id) => id !== "custom"),
    ...Object.keys(fieldConfig.defaults.custom ?? {}).map((id) => `custom.${id}`),
    ...fieldConfig.overrides.flatMap((rule) => rule.properties.map(({ id }) => id)),
  ];
  return [
    ...asked.filter((id) => settings.getIfExists(id) === undefined),
    ...fieldConfig.overrides.map((rule) => rule.matcher.id).filter((id) => grafana.fieldMatchers.getIfExists(id) === undefined),
    ...transformations.map(({ id }) => id).filter((id) => known.every((one) => one.id !== id)),
  ];
}

/// A panel's field settings as Grafana takes them in: without what it does not know, and with steps that
/// begin at minus infinity, which JSON cannot say.
function taken({ type, options, fieldConfig }) {
  const plugin = { defaults: {}, fieldConfigDefaults: { defaults: {}, overrides: [] }, fieldConfigRegistry: registry(type) };
  const panel = { currentOptions: options, currentFieldConfig: structuredClone(fieldConfig), isAfterPluginChange: false };
  return grafana.getPanelOptionsWithDefaults({ plugin, ...panel }).fieldConfig;
}

/// The frames of a panel as its transformations and field settings leave them.
export async function prepared(panel, frames, theme) {
  const data = frames.map((frame) => grafana.createDataFrame(frame));
  const turned = await new Promise((resolve, reject) => grafana.transformDataFrame(panel.transformations, data).subscribe({ next: resolve, error: reject }));
  return grafana.applyFieldOverrides({
    data: turned, fieldConfig: taken(panel), replaceVariables: (text) => text, theme, timeZone: "browser",
    fieldConfigRegistry: registry(panel.type),
  });
}
