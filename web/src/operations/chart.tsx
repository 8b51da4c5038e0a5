/** Columns by day, drawn by uPlot on a canvas; a table beside it says the same for those who cannot see it. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Line {
  label: string;
  values: number[];
  colour: "--accent" | "--fail" | "--grain";
}

interface ChartProps {
  label: string;
  /** Midnights, in seconds. */
  days: number[];
  lines: Line[];
  say: (value: number) => string;
}

const HEIGHT_PX = 180;

export function Chart({ label, days, lines, say }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const bars = uPlot.paths.bars!({ size: [0.6, 40] });
    const axis = { stroke: colour("--text-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: true }, y: { range: (_plot, _least, most) => [0, Math.max(1, most)] } },
        axes: [
          {
            ...axis,
            grid: { show: false },
            values: (_plot, ticks) =>
              ticks.map((tick) =>
                new Date(tick * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }),
              ),
          },
          { ...axis, size: 64, values: (_plot, ticks) => ticks.map(say) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            fill: colour(line.colour),
            stroke: colour(line.colour),
            width: 0,
            paths: bars,
            points: { show: false },
          })),
        ],
      },
      [days, ...lines.map((line) => line.values)],
      place,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [days, lines, say]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}
