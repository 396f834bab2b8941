import { expect, test } from 'vitest';
import { makeReport, renderReport } from '../../../bench/data-plane/report.ts';
import type { Figures } from '../../../bench/data-plane/scenario.ts';
import { median } from '../../../bench/median.ts';

const scenario = {
  name: 'http1',
  describes: 'requests',
  columns: [
    { key: 'cpu', title: 'CPU', digits: 1, ofProxy: true },
    { key: 'rate', title: 'rate', digits: 0 },
  ],
  merit: { key: 'cpu', aim: 0.4 },
} as const;

function sample(cpu: number, pacedP99Millis = 2): Figures {
  return { cpu, rate: 1000, pacedP50Millis: 0.25, pacedP99Millis, pacedP999Millis: 9, rssMiB: 64 };
}

const samples = new Map([
  ['direct', [sample(0), sample(0), sample(0)]],
  ['envoy', [sample(40), sample(90), sample(44)]],
  ['smi-mesh', [sample(22, 3), sample(20, 3), sample(80, 3)]],
]);

test('the median of an even number of values is the middle of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
});

test('rows are medians in the order of the subjects, and the ratios compare medians', () => {
  const report = makeReport(scenario, samples);
  expect(report.rows.map(({ subject, figures }) => [subject, figures.cpu])).toEqual([
    ['direct', 0],
    ['envoy', 44],
    ['smi-mesh', 22],
  ]);
  expect(report.ratios).toEqual([
    { what: 'CPU', to: 'Envoy', value: 0.5, required: 1, aim: 0.4 },
    { what: 'p99 at 1000/s', to: 'Envoy', value: 1.5, required: 1, aim: 1 },
  ]);
});

test('of two Envoys the better one counts', () => {
  const two = new Map([...samples, ['envoy-h1', [sample(40), sample(40), sample(40)]]]);
  expect(makeReport(scenario, two).ratios[0]?.value).toBe(0.55);
});

test('every row has a figure in every column', () => {
  const keys = ['cpu', 'rate', 'pacedP50Millis', 'pacedP99Millis', 'pacedP999Millis', 'rssMiB'];
  for (const { figures } of makeReport(scenario, samples).rows) expect(Object.keys(figures)).toEqual(keys);
});

test('the text says what is met, and leaves the cost of no proxy open', () => {
  const lines = renderReport(makeReport(scenario, samples), scenario).split('\n');
  expect(lines.find((line) => line.includes('direct'))).toMatch(/^\| direct +\| +- \| +1000 \| .* \| +- \|$/);
  expect(lines).toContain('CPU, smi-mesh to Envoy: 0.5 (at most 1: met; aim 0.4: MISSED)');
  expect(lines).toContain('p99 at 1000/s, smi-mesh to Envoy: 1.5 (at most 1: MISSED)');
});

test('a subject left out leaves the ratio open', () => {
  const report = makeReport(scenario, new Map([['smi-mesh', [sample(1)]]]));
  expect(report.ratios.map(({ value }) => value)).toEqual([null, null]);
  expect(renderReport(report, scenario)).toContain('CPU, smi-mesh to Envoy: not measured');
});

test('what counting costs is told where both were measured, by rounds of both', () => {
  const rounds = (...costs: readonly number[]) => costs.map((cpu) => sample(cpu));
  const both = new Map([
    ['smi-mesh', rounds(22, 90, 21)],
    ['smi-mesh-uncounted', rounds(20, 80, 25)],
  ]);
  expect(makeReport(scenario, both).ratios.at(-1)).toMatchObject({ to: 'not counting', value: 1.1, required: 1.05 });
  expect(renderReport(makeReport(scenario, both), scenario)).toContain('not counting: 1.1 (at most 1.05: MISSED)');
});
