import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Golden } from '../../api/contract.ts';
import { theme } from '../state/theme.ts';
import { timeSeries, timeTicks } from './time-axis.ts';

const maxPoints = 450;

/** What this page has seen of a subject since it was opened; pages that are left and come back to go on with it. */
const seen = new Map<string, [at: number[], rate: number[], failures: number[], p99: (number | null)[]]>();
const maxSubjects = 50;

/** Rate, failures and latency over the time that this page is open. */
export function TrafficChart({
  subject,
  golden,
  at,
}: {
  readonly subject: string;
  readonly golden: Golden;
  readonly at: number;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const dark = theme.value;
  // Colours are read anew with the theme.
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    chart.current = new uPlot(optionsOf(current), pointsOf(subject), current);
    const resized = new ResizeObserver(() => chart.current?.setSize({ width: current.clientWidth, height }));
    resized.observe(current);
    return () => {
      resized.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [subject, dark]);
  useEffect(() => {
    const points = pointsOf(subject);
    const second = Math.round(at / 1_000);
    if ((points[0].at(-1) ?? 0) >= second) return;
    const failing = golden.requests === 0 ? 0 : (golden.failures / golden.requests) * golden.perSecond;
    points[0].push(second);
    points[1].push(golden.perSecond);
    points[2].push(failing);
    points[3].push(golden.p99 ?? null);
    if (points[0].length > maxPoints) for (const list of points) list.shift();
    chart.current?.setData(points);
  }, [subject, golden, at]);
  return (
    <div
      ref={frame}
      class="chart"
      role="img"
      aria-label={`Requests, failures and latency of ${subject} since this page was opened`}
    />
  );
}

const height = 150;

function pointsOf(subject: string) {
  const points = seen.get(subject) ?? [[], [], [], []];
  seen.set(subject, points as never);
  if (seen.size > maxSubjects) seen.delete(seen.keys().next().value ?? '');
  return points as [number[], number[], number[], (number | null)[]];
}

function optionsOf(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: element.clientWidth,
    height,
    cursor: { y: false },
    scales: {
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] },
      ms: { range: (_, __, max) => [0, Math.max(1, max * 1.2)] },
    },
    series: [
      timeSeries,
      { label: 'requests/s', stroke: colour('--accent'), width: 2, fill: `${colour('--accent')}22` },
      { label: 'failures/s', stroke: colour('--bad'), width: 1.5, fill: `${colour('--bad')}22` },
      { label: 'p99 ms', stroke: colour('--warn'), width: 1.5, scale: 'ms', dash: [4, 3] },
    ],
    axes: [
      { ...axis, values: timeTicks },
      { ...axis, size: 46, values: (_, values) => values.map((value) => `${value}/s`) },
      {
        ...axis,
        scale: 'ms',
        side: 1,
        size: 52,
        grid: { show: false },
        values: (_, values) => values.map((value) => `${value} ms`),
      },
    ],
  };
}
