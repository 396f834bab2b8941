import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { SplitMoment } from '../../api/contract.ts';
import { theme } from '../state/theme.ts';
import { name } from './format.ts';
import { timeSeries, timeTicks } from './time-axis.ts';

const height = 120;

/** The wanted shares over time, as steps. */
export function SplitHistory({
  history,
  backends,
}: {
  readonly history: readonly SplitMoment[];
  readonly backends: readonly string[];
}) {
  const frame = useRef<HTMLDivElement>(null);
  const dark = theme.value;
  const text = JSON.stringify([history, backends]);
  // Drawn anew when a weight or the colours change.
  useEffect(() => {
    const { current } = frame;
    if (current === null || history.length === 0) return undefined;
    const chart = new uPlot(optionsOf(current, backends), dataOf(history, backends), current);
    const resized = new ResizeObserver(() => chart.setSize({ width: current.clientWidth, height }));
    resized.observe(current);
    // Time goes on although nothing changes.
    const timer = setInterval(() => chart.setData(dataOf(history, backends)), 2_000);
    return () => {
      clearInterval(timer);
      resized.disconnect();
      chart.destroy();
    };
  }, [text, dark]);
  return <div ref={frame} class="chart" role="img" aria-label="Wanted shares over time" />;
}

function dataOf(history: readonly SplitMoment[], backends: readonly string[]): uPlot.AlignedData {
  const last = history.at(-1);
  const moments = last === undefined ? history : [...history, { ...last, at: Date.now() }];
  const shares = backends.map((backend) =>
    moments.map(({ weights }) => {
      const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
      return total === 0 ? 0 : (100 * (weights[backend] ?? 0)) / total;
    }),
  );
  return [moments.map(({ at }) => at / 1_000), ...shares];
}

function optionsOf(element: HTMLElement, backends: readonly string[]): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (variable: string) => style.getPropertyValue(variable).trim();
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  const paths = uPlot.paths.stepped?.({ align: 1 });
  return {
    width: element.clientWidth,
    height,
    scales: { y: { range: [0, 100] } },
    series: [
      timeSeries,
      ...backends.map((backend, index) => ({
        label: name(backend),
        stroke: colour(`--c${index % 6}`),
        width: 2,
        ...(paths === undefined ? {} : { paths }),
        points: { show: false },
      })),
    ],
    axes: [
      { ...axis, values: timeTicks },
      { ...axis, size: 46, splits: [0, 25, 50, 75, 100], values: (_, values) => values.map((value) => `${value} %`) },
    ],
  };
}
