import { escapeXml, xmlAttributes } from '../../lib/xml.ts';
import type { CaseReport, ConformanceReport } from './types.ts';

/** A JUnit report, one suite for each API. Valid by the schemas of Apache Ant and of Jenkins. */
export function renderJunit(report: ConformanceReport): string {
  const suites = report.apis.flatMap(({ name }, index) => suiteOf(report, name, index));
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

function suiteOf(report: ConformanceReport, name: string, index: number): readonly string[] {
  const cases = report.cases.filter(({ api }) => api === name);
  const attributes = {
    name,
    package: `conformance.${report.mode}`,
    id: index,
    timestamp: report.date.slice(0, 19),
    hostname: 'localhost',
    tests: cases.length,
    failures: cases.filter(({ result }) => result === 'failed').length,
    errors: 0,
    time: seconds(cases.reduce((sum, { durationMillis }) => sum + durationMillis, 0)),
  };
  const skipped = cases.filter(({ result }) => result === 'skipped');
  return [
    `  <testsuite${xmlAttributes(attributes)}>`,
    '    <properties/>',
    ...cases.filter(({ result }) => result !== 'skipped').map(testCase),
    ...skipped.map(skippedCase),
    '    <system-out></system-out>',
    '    <system-err></system-err>',
    '  </testsuite>',
  ];
}

function attributesOf({ api, name, durationMillis }: CaseReport): string {
  return xmlAttributes({ classname: api, name, time: seconds(durationMillis) });
}

function testCase(found: CaseReport): string {
  if (found.result === 'passed') return `    <testcase${attributesOf(found)}/>`;
  const failure = { type: 'conformance', message: found.reasons[0] ?? '' };
  return [
    `    <testcase${attributesOf(found)}>`,
    `      <failure${xmlAttributes(failure)}>${escapeXml([found.title, ...found.reasons].join('\n'))}</failure>`,
    '    </testcase>',
  ].join('\n');
}

function skippedCase(found: CaseReport): string {
  return `    <testcase${attributesOf(found)}><skipped/></testcase>`;
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(3);
}
