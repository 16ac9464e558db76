// Each type of panel with Grafana's own component for it. What a component is told is what Grafana's
// panels tell it; the arithmetic, colours, units and layout are Grafana's.

import { cacheFieldDisplayNames, getDisplayValueAlignmentFactors, getFieldDisplayValues, getFieldDisplayName, formattedValueToString } from "@grafana/data";
import { BarGauge, BigValue, TimeSeries, VizRepeater } from "@grafana/ui";
import { TableNG } from "@grafana/ui/unstable";

/// Each value in a box of its own, so that it is found again.
function Values({ panel, data, theme, width, height, spacing, autoGrid, draw }) {
  const { options, fieldConfig } = panel;
  const values = () => getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables: (text) => text, theme, data, timeZone: "browser" });
  return (
    <VizRepeater
      getValues={values}
      getAlignmentFactors={(all, wide, high) => getDisplayValueAlignmentFactors(all, wide, high)}
      renderValue={(at) => <div data-value={at.value.display.title}>{draw(at)}</div>}
      source={data} renderCounter={0} orientation={options.orientation} autoGrid={autoGrid} itemSpacing={spacing}
      width={width} height={height} minVizWidth={options.minVizWidth} minVizHeight={options.minVizHeight} maxVizHeight={options.maxVizHeight}
    />
  );
}

function Stat(props) {
  const { colorMode, graphMode, justifyMode, text, textMode, wideLayout } = props.panel.options;
  const draw = ({ value, alignmentFactors, width, height, count }) => (
    <BigValue value={value.display} {...{ alignmentFactors, width, height, count, colorMode, graphMode, justifyMode, text, textMode }} disableWideLayout={!wideLayout} theme={props.theme} />
  );
  return <Values {...props} spacing={3} autoGrid draw={draw} />;
}

function Bars(props) {
  const { displayMode, showUnfilled, text, valueMode, namePlacement } = props.panel.options;
  const draw = ({ value, alignmentFactors, width, height, orientation }) => (
    <BarGauge
      value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)} valueDisplayMode={valueMode}
      {...{ alignmentFactors, width, height, orientation, displayMode, showUnfilled, text, namePlacement }} itemSpacing={8} lcdCellWidth={12} theme={props.theme}
    />
  );
  return <Values {...props} spacing={8} autoGrid={false} draw={draw} />;
}

const Lines = ({ panel, data, range, width, height }) => (
  <TimeSeries frames={data} timeRange={range} timeZone="browser" legend={panel.options.legend} {...{ width, height }} options={panel.options} />
);

const Table = ({ panel, data, width, height, range }) => {
  // A table asks its columns for the names that they have been given, and computes none.
  cacheFieldDisplayNames(data);
  return <TableNG
    data={data[panel.options.frameIndex]} noHeader={!panel.options.showHeader} sortBy={panel.options.sortBy} cellHeight={panel.options.cellHeight}
    noValue={panel.fieldConfig.defaults.noValue} fieldConfig={panel.fieldConfig} timeRange={range} enableVirtualization={false} {...{ width, height }}
  />;
};

/// What Grafana's packages have no component for: its newest values, as the engine words them.
export const Words = ({ panel, data }) => (
  <div style={{ opacity: 0.8 }}>
    <p>[{panel.type}: Grafana's packages hold no component that draws it]</p>
    {data.slice(0, 6).map((frame, at) => {
      const field = frame.fields.find((one) => one.type === "number");
      const value = field.display(field.values.at(-1));
      return <div key={at} data-word={getFieldDisplayName(field, frame, data)} style={{ color: value.color }}>{getFieldDisplayName(field, frame, data)}: {formattedValueToString(value)}</div>;
    })}
  </div>
);

export const DRAWN = { stat: Stat, bargauge: Bars, timeseries: Lines, table: Table };
