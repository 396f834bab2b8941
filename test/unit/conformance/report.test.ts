import { describe, expect, test } from 'vitest';
import type { ConformanceCase } from '../../../src/conformance/case.ts';
import { buildReport } from '../../../src/conformance/report/build.ts';
import { readReport } from '../../../src/conformance/report/read.ts';
import { renderBadge } from '../../../src/conformance/report/render-badge.ts';
import { renderHtml } from '../../../src/conformance/report/render-html.ts';
import { renderJunit } from '../../../src/conformance/report/render-junit.ts';
import { renderMarkdown } from '../../../src/conformance/report/render-markdown.ts';
import { renderText } from '../../../src/conformance/report/render-text.ts';
import type { CaseResult } from '../../../src/conformance/run.ts';

function result(name: string, part: Partial<ConformanceCase>, rest: Partial<CaseResult>): CaseResult {
  const testCase: ConformanceCase = {
    ...{ name, title: `<${name}> holds`, api: 'TrafficSplit', feature: 'weights', level: 'core', clauses: ['S-4'] },
    ...{ apiVersions: [], settings: {}, namespaces: [], topology: [], pods: [], steps: [] },
    ...part,
  };
  return {
    testCase,
    result: 'passed',
    reasons: [],
    millis: 12,
    convergenceMillis: 3,
    requests: 40,
    shareTests: 2,
    ...rest,
  };
}

const implementation = { organization: 'o', project: 'A & B', version: '1.2' };
const report = buildReport(
  [
    result('split/a', {}, {}),
    result('split/b', { level: 'extended' }, { result: 'failed', reasons: ['it is v1 1, not v2 | 1'] }),
    result('access/a', { api: 'TrafficTarget' }, { result: 'skipped', reasons: ['no UDP here'] }),
    result('access/b', { api: 'TrafficTarget' }, {}),
    result('access/c', { api: 'TrafficTarget' }, { result: 'skipped', reasons: ['no UDP here'] }),
  ],
  { name: 'local', implementation },
  { date: new Date('2026-01-02T03:04:05Z'), gaps: [{ feature: 'TrafficMetrics', reason: 'none yet' }] },
);

describe('a conformance report', () => {
  test('counts core and extended by API, and says full, half or none', () => {
    expect(report.result).toBe('failure');
    expect(report.apis).toEqual([
      {
        name: 'TrafficSplit',
        capability: 'half',
        core: { result: 'success', passed: 1, failed: 0, skipped: 0, failedCases: [], skippedCases: [] },
        extended: { result: 'failure', passed: 0, failed: 1, skipped: 0, failedCases: ['split/b'], skippedCases: [] },
      },
      {
        name: 'TrafficTarget',
        capability: 'none',
        core: {
          result: 'partial',
          passed: 1,
          failed: 0,
          skipped: 2,
          failedCases: [],
          skippedCases: ['access/a', 'access/c'],
        },
        extended: { result: 'success', passed: 0, failed: 0, skipped: 0, failedCases: [], skippedCases: [] },
      },
    ]);
  });

  test('states how often chance alone makes it a failure', () => {
    expect(report.statistics).toMatchObject({
      shareTests: 10,
      falseAlarmPerTest: 1e-6,
      falseAlarm: 1e-5,
      requests: 200,
    });
  });

  test('is what its schema says, and reads back as it was', () => {
    expect(readReport(JSON.stringify(report))).toEqual({ ok: true, value: report });
    expect(readReport('kind: ConformanceReport')).toMatchObject({ ok: false });
    expect(readReport('{')).toMatchObject({ ok: false });
  });

  test('begins with the verdict and ends with what the suite lacks', () => {
    const lines = renderText(report);
    expect(lines[0]).toBe('failure: 2 of 5 cases passed (A & B 1.2, local)');
    expect(lines).toContain('  TrafficTarget  none  core 1/3 (2 skipped), extended 0/0');
    expect(lines).toContain('  it is v1 1, not v2 | 1');
    expect(lines.at(-1)).toBe('not in the suite: TrafficMetrics (none yet)');
  });

  test('is a suite of JUnit for each API', () => {
    const text = renderJunit(report);
    expect(text).toContain(
      '<testsuite name="TrafficSplit" package="conformance.local" id="0" timestamp="2026-01-02T03:04:05"',
    );
    expect(text).toContain('tests="2" failures="1"');
    expect(text).toContain('&lt;split/b&gt; holds');
    expect(text.match(/<skipped\/>/g)).toHaveLength(2);
  });

  test('is a table of Markdown that nothing breaks', () => {
    const text = renderMarkdown(report);
    expect(text).toContain('| TrafficSplit | half | 1/1 | 0/1 |');
    expect(text).toContain('| `split/b` | failed | it is v1 1, not v2 \\| 1 |');
  });

  test('is a page that needs nothing else, with a column for each report', () => {
    const text = renderHtml([report, { ...report, mode: 'local-envoy' }]);
    expect(text).not.toMatch(/(?:src|href)=|<script/);
    expect(text).toContain('A &amp; B 1.2<br>local-envoy');
    expect(text.match(/<span class="failed">failed<\/span>/g)).toHaveLength(2);
  });

  test('is a badge', () => {
    expect(renderBadge(report)).toMatch(/^<svg .*aria-label="SMI conformance: 2\/5"/);
  });
});
