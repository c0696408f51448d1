import { LinesChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Row } from "../measure.ts";
import type { Measured, Outcome } from "./outcome.ts";

use([LinesChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const WIDTH = 960;
const ROW_HEIGHT = 26;
const MARGIN = { top: 100, right: 225, bottom: 40, left: 310 };
const TITLE = "iotsupport, as many times as good as the peer on the right";
const FONTS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const DAY = {
  paper: "#ffffff",
  line: "#d0d7de",
  note: "#57606a",
  ink: "#1f2328",
  ours: "#0969da",
  must: "#bc4c00",
  aim: "#1a7f37",
};
const NIGHT: typeof DAY = {
  paper: "#0d1117",
  line: "#30363d",
  note: "#9ea7b3",
  ink: "#e6edf3",
  ours: "#58a6ff",
  must: "#f0883e",
  aim: "#3fb950",
};

/** Every ratio to a peer as an SVG, turned so that further right is better. Rows without a peer are left out. */
export function pictureOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.filter((each) => each.kind === "measured").filter(({ peer }) => peer !== null);
  const height = MARGIN.top + ROW_HEIGHT * rows.length + MARGIN.bottom;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  try {
    chart.setOption(plotOf(rows));
    return forPages(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

function plotOf(rows: readonly Measured[]): EChartsCoreOption {
  return {
    backgroundColor: DAY.paper,
    animation: false,
    textStyle: { fontFamily: FONTS, fontSize: 12 },
    title: {
      text: TITLE,
      subtext:
        "Same machine, same run, same work. The dot is the median of the rounds; the bar behind it, from least to most.",
      left: 16,
      top: 12,
      textStyle: { color: DAY.ink, fontSize: 15 },
      subtextStyle: { color: DAY.note, fontSize: 12 },
    },
    legend: {
      data: ["ours", "must", "aim"],
      left: 16,
      top: 64,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 20,
      textStyle: { color: DAY.ink },
    },
    grid: MARGIN,
    xAxis: {
      type: "log",
      logBase: 2,
      axisLabel: {
        color: DAY.note,
        formatter: (value: number) => (value < 1 ? `1/${1 / value}×` : `${value}×`),
      },
      splitLine: { lineStyle: { color: DAY.line } },
    },
    yAxis: [
      names(
        rows.map(({ row }) => row.what),
        DAY.ink,
      ),
      names(
        rows.map(({ row }) => row.against),
        DAY.note,
      ),
    ],
    series: [
      line(
        [
          [1, 0],
          [1, rows.length - 1],
        ],
        1,
        DAY.note,
      ),
      ...rows.map(({ row, ratio }, at) =>
        line(
          [
            [timesAsGood(row, ratio.least), at],
            [timesAsGood(row, ratio.most), at],
          ],
          4,
          DAY.ours,
        ),
      ),
      dots(
        "must",
        rows.map(({ row }, at) => [timesAsGood(row, row.goal.must), at]),
      ),
      dots(
        "aim",
        rows.map(({ row }, at) => [timesAsGood(row, row.goal.aim), at]),
      ),
      dots(
        "ours",
        rows.map(({ row, ratio }, at) => [timesAsGood(row, ratio.median), at]),
      ),
    ],
  };
}

function names(texts: readonly string[], color: string) {
  return {
    type: "category",
    inverse: true,
    data: texts,
    axisLabel: { color, fontSize: 12 },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: DAY.line } },
  };
}

function line(ends: readonly number[][], width: number, color: string) {
  return {
    type: "lines",
    coordinateSystem: "cartesian2d",
    lineStyle: { color, width, opacity: 0.6 },
    data: [{ coords: ends }],
  };
}

function dots(name: "ours" | "must" | "aim", points: readonly number[][]) {
  const shape =
    name === "ours" ? { symbol: "circle", symbolSize: 11 } : { symbol: "rect", symbolSize: [3, 16] };
  return {
    type: "scatter",
    name,
    color: DAY[name],
    itemStyle: { opacity: 1 },
    ...shape,
    data: points,
  };
}

function timesAsGood({ goal }: Row, ratio: number): number {
  return goal.better === "more" ? ratio : 1 / ratio;
}

/** A picture in a page follows the theme of who looks at it, has a title for who can't, and has no mouse over it. */
function forPages(svg: string): string {
  const rules = Object.entries(DAY).flatMap(([name, day]) => {
    const night = NIGHT[name as keyof typeof DAY]; // Both have the same names.
    return [`[fill="${day}"] { fill: ${night}; }`, `[stroke="${day}"] { stroke: ${night}; }`];
  });
  const style = `<style>@media (prefers-color-scheme: dark) { ${rules.join(" ")} }</style>`;
  return svg
    .replace(/<style ><!\[CDATA\[.*?<\/style>\n/s, "")
    .replace(/<svg[^>]*>/, (start) => `${start}\n<title>${TITLE}</title>\n${style}`);
}
