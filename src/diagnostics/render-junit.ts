import { escapeXml, xmlAttributes } from '../lib/xml.ts';
import { catalogue } from './catalogue.ts';
import type { Finding } from './located.ts';
import { describeObject } from './origin.ts';

export interface JUnitOptions {
  /** Every file that was read, in order; one without a failing finding is a passed test. */
  readonly files: readonly string[];
  /** Whether a finding makes the command fail. */
  readonly fails: (finding: Finding) => boolean;
  readonly startedAt: Date;
  readonly seconds: number;
}

/** The suite of findings that have no file. */
const nowhere = 'input';

/**
 * Findings as a JUnit report: a suite for each file, a failed test for each finding that makes the command fail. The others
 * stand in the suite's output. Valid by the schemas of Apache Ant and of Jenkins.
 */
export function junitReport(findings: readonly Finding[], options: JUnitOptions): string {
  const byFile = Map.groupBy(findings, ({ location }) => location?.file ?? nowhere);
  const names = [...new Set([...options.files, ...byFile.keys()])];
  const suites = names.map((name, id) => suite(name, id, byFile.get(name) ?? [], options));
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

function suite(name: string, id: number, findings: readonly Finding[], options: JUnitOptions): string {
  const failed = findings.filter(options.fails);
  const others = findings.filter((finding) => !options.fails(finding));
  const cases = failed.length > 0 ? failed.map(failedCase) : [passedCase(name)];
  const attributes = {
    name,
    package: 'smi-mesh',
    id,
    timestamp: options.startedAt.toISOString().slice(0, 19),
    hostname: 'localhost',
    tests: cases.length,
    failures: failed.length,
    errors: 0,
    time: id === 0 ? options.seconds.toFixed(3) : '0.000',
  };
  return [
    `  <testsuite${xmlAttributes(attributes)}>`,
    '    <properties><property name="tool" value="smi-mesh"/></properties>',
    ...cases,
    `    <system-out>${escapeXml(others.map(describe).join('\n'))}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
  ].join('\n');
}

function passedCase(file: string): string {
  return `    <testcase${xmlAttributes({ classname: file, name: 'is valid', time: '0.000' })}/>`;
}

function failedCase(finding: Finding): string {
  const { code, message, origin } = finding.diagnostic;
  const path = origin === undefined || origin.path === '' ? '' : ` at ${origin.path}`;
  const attributes = {
    classname: origin === undefined ? (finding.location?.file ?? nowhere) : describeObject(origin.object),
    name: `${code} ${catalogue[code].title}${path}`,
    time: '0.000',
  };
  return [
    `    <testcase${xmlAttributes(attributes)}>`,
    `      <failure${xmlAttributes({ type: code, message })}>${escapeXml(describe(finding))}</failure>`,
    '    </testcase>',
  ].join('\n');
}

function describe({ diagnostic, location, related }: Finding): string {
  const { code, severity, message, hint } = diagnostic;
  const place = location === undefined ? '' : `${location.file}:${location.line}:${location.column}: `;
  const also = related.map(
    (other) => `\n  see also: ${other.location ? `${other.location.file}:${other.location.line} ` : ''}(${other.what})`,
  );
  return `${place}${severity}[${code}]: ${message}\n  next: ${hint}${also.join('')}`;
}
