import type { Locate } from '../diagnostics/origin.ts';
import { escapeXml, xmlAttributes } from '../lib/xml.ts';
import { percentText, placeText } from './render-text.ts';
import type { ExpectationResult, ExpectationsReport } from './types.ts';

export interface JUnitReportOptions {
  readonly locate: Locate;
  readonly tooLittleCovered: boolean;
  readonly startedAt: Date;
  readonly seconds: number;
}

/**
 * A JUnit report: one suite, a test for each expectation and one for the coverage that was asked for. Valid by the schemas
 * of Apache Ant and of Jenkins.
 */
export function junitReport(report: ExpectationsReport, options: JUnitReportOptions): string {
  const { coverage, results } = report;
  const { locate, tooLittleCovered, startedAt, seconds } = options;
  const failed = results.filter(({ problems }) => problems.length > 0);
  const cases = results.map((result) => testCase(result, locate));
  if (tooLittleCovered) cases.push(coverageCase(coverage.percent));
  const attributes = {
    name: 'expectations',
    package: 'smi-mesh',
    id: 0,
    timestamp: startedAt.toISOString().slice(0, 19),
    hostname: 'localhost',
    tests: cases.length,
    failures: failed.length + (tooLittleCovered ? 1 : 0),
    errors: 0,
    time: seconds.toFixed(3),
  };
  const missed = coverage.missed.map(({ kind, name, origins: [first] }) => {
    return `${first === undefined ? '' : placeText(first, locate)}${kind}: ${name}`;
  });
  const output = [`${percentText(coverage.percent)} % of the rules are exercised`, ...missed].join('\n');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite${xmlAttributes(attributes)}>`,
    '    <properties/>',
    ...cases,
    `    <system-out>${escapeXml(output)}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase({ expectation, problems }: ExpectationResult, locate: Locate): string {
  const { name, origin, question } = expectation;
  const file = locate(origin)?.file ?? 'input';
  // Two expectations may have the same name; a report must tell them apart.
  const attributes = {
    classname: file,
    name: `${name} [${question.from} to ${question.to}, ${origin.path}]`,
    time: '0.000',
  };
  if (problems.length === 0) return `    <testcase${xmlAttributes(attributes)}/>`;
  return failedCase(attributes, problems, placeText(origin, locate));
}

function coverageCase(percent: number): string {
  const problem = `only ${percentText(percent)} % of the rules are exercised`;
  return failedCase({ classname: 'coverage', name: 'enough rules are exercised', time: '0.000' }, [problem], '');
}

function failedCase(attributes: Readonly<Record<string, string>>, problems: readonly string[], place: string): string {
  const failure = { type: 'expectation', message: problems[0] ?? '' };
  return [
    `    <testcase${xmlAttributes(attributes)}>`,
    `      <failure${xmlAttributes(failure)}>${escapeXml(place + problems.join('\n'))}</failure>`,
    '    </testcase>',
  ].join('\n');
}
