import { printable } from '../../lib/printable.ts';
import { plainStyle, type TextStyle } from '../../lib/text-style.ts';
import { escapeXml, xmlAttributes } from '../../lib/xml.ts';

/** A case of the contract and how it went; without problems it passed, unless it was skipped. */
export interface RunCase {
  readonly name: string;
  readonly problems: readonly string[];
  readonly skipped?: string;
}

/** Lines for people: the verdict, what fails, and why anything could not be judged. */
export function contractText(id: string, cases: readonly RunCase[], style: TextStyle = plainStyle): readonly string[] {
  const failed = cases.filter(({ problems }) => problems.length > 0);
  const skipped = cases.filter((one) => one.skipped !== undefined);
  const verdict = failed.length === 0 ? style.green(style.bold('passed')) : style.red(style.bold('failed'));
  const held = cases.length - failed.length - skipped.length;
  const kept = `${held} of ${cases.length} cases of the contract hold for ${id}`;
  const silent = isTrafficJudged(cases) ? '' : '; what it says of traffic was not judged';
  const reasons = Map.groupBy(skipped, (one) => one.skipped ?? '');
  return [
    `${verdict}: ${kept}${silent}`,
    ...failed.flatMap(({ name, problems }) => [
      '',
      `${style.red('failed')}  ${printable(name)}`,
      ...problems.map((problem) => `        ${printable(problem)}`),
    ]),
    ...(skipped.length === 0 ? [] : ['', 'not judged:']),
    ...[...reasons].map(([reason, ones]) => `  ${printable(reason)}: ${shortList(ones.map(({ name }) => name))}`),
  ];
}

/** Whether any document was asked what it does with requests, as an adapter without `simulate` cannot be. */
export function isTrafficJudged(cases: readonly RunCase[]): boolean {
  return cases.some(({ name, skipped }) => name.startsWith('proof: ') && skipped === undefined);
}

function shortList(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

/** A JUnit report: one suite, a test for each case. */
export function junitOf(id: string, cases: readonly RunCase[], startedAt: Date): string {
  const attributes = {
    name: `adapter ${id}`,
    package: 'smi-mesh',
    id: 0,
    timestamp: startedAt.toISOString().slice(0, 19),
    hostname: 'localhost',
    tests: cases.length,
    failures: cases.filter(({ problems }) => problems.length > 0).length,
    errors: 0,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    time: ((Date.now() - startedAt.getTime()) / 1000).toFixed(3),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite${xmlAttributes(attributes)}>`,
    '    <properties/>',
    ...cases.map((one) => testCase(id, one)),
    '    <system-out></system-out>',
    '    <system-err></system-err>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(id: string, { name, problems, skipped }: RunCase): string {
  const open = `    <testcase${xmlAttributes({ classname: `adapter.${id}`, name, time: '0.000' })}`;
  if (skipped !== undefined) return `${open}><skipped${xmlAttributes({ message: skipped })}/></testcase>`;
  if (problems.length === 0) return `${open}/>`;
  const failure = xmlAttributes({ type: 'contract', message: problems[0] ?? '' });
  return `${open}><failure${failure}>${escapeXml(problems.join('\n'))}</failure></testcase>`;
}
