// Lines over time, in the page's colours: `<figure class="plot" data-series='{"x": [seconds since 1970],
// "series": [{"label", "values": [number or null], "unit"}]}'>`. A table with the same numbers stands
// beside it for whoever does not see lines; so the drawing itself says nothing aloud.
const DASHES = [[], [8, 4], [2, 4], [12, 4, 2, 4], [4, 8]];
const HEIGHT = 280;
const dark = matchMedia("(prefers-color-scheme: dark)");
const locale = document.documentElement.lang || "fr";
const months = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", timeZone: "UTC" });
const plots = new Map();

function needed() {
  if (!document.querySelector('link[href*="uPlot.min.css"]')) {
    const href = new URL("./uplot/uPlot.min.css", import.meta.url).href;
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  }
  if (window.uPlot) return Promise.resolve();
  return new Promise((onload, onerror) => {
    const src = new URL("./uplot/uPlot.iife.min.js", import.meta.url).href;
    document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror }));
  });
}

function draw(figure) {
  const told = JSON.parse(figure.dataset.series);
  const tokens = getComputedStyle(figure);
  const token = (name, otherwise) => tokens.getPropertyValue(name).trim() || otherwise;
  const said = (value, unit) => (value == null ? "–" : `${value.toLocaleString(locale)} ${unit ?? ""}`.trim());
  const axis = { stroke: token("--ink", "CanvasText"), grid: { stroke: token("--line", "#8884"), width: 1 }, ticks: { show: false }, font: "13px system-ui, sans-serif" };
  const options = {
    width: Math.max(figure.clientWidth, 200), height: HEIGHT, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, (most || 1) * 1.1] } },
    series: [
      { label: figure.dataset.time ?? "", value: (_, at) => (at == null ? "–" : months.format(at * 1000)) },
      ...told.series.map(({ label, unit }, at) => ({
        label, width: 2, dash: DASHES[at % DASHES.length], stroke: token(`--plot-${at + 1}`, "#6c63ff"),
        points: { show: true, size: 6 }, value: (_, value) => said(value, unit),
      })),
    ],
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((at) => months.format(at * 1000)), space: 80 },
      { ...axis, values: (_, ticks) => ticks.map((value) => value.toLocaleString(locale)), size: 70 },
    ],
  };
  plots.get(figure)?.destroy();
  const plot = new uPlot(options, [told.x, ...told.series.map(({ values }) => values)], figure);
  plot.root.setAttribute("aria-hidden", "true");
  plots.set(figure, plot);
  figure.dataset.state = "ready";
}

const width = new ResizeObserver((seen) => {
  for (const { target } of seen) plots.get(target)?.setSize({ width: Math.max(target.clientWidth, 200), height: HEIGHT });
});

async function begin() {
  const found = [...document.querySelectorAll("figure.plot[data-series]")].filter((figure) => !plots.has(figure));
  for (const figure of plots.keys()) if (!figure.isConnected) (plots.get(figure)?.destroy(), plots.delete(figure));
  if (!found.length) return;
  for (const figure of found) plots.set(figure, null);
  await needed();
  for (const figure of found) (draw(figure), width.observe(figure));
}

document.addEventListener("htmx:after:swap", begin);
dark.addEventListener("change", () => [...plots.keys()].forEach(draw));
begin();
