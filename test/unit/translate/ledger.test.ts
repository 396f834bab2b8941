import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { Translator, UnitId } from '../../../src/adapter/contract.ts';
import { translators } from '../../../src/cli/translators.ts';
import { ledgerHtml } from '../../../src/translate/ledger/html.ts';
import { ledgerJson } from '../../../src/translate/ledger/json.ts';
import { ledgerOf } from '../../../src/translate/ledger/ledger.ts';
import { ledgerText } from '../../../src/translate/ledger/text.ts';
import { translate } from '../../../src/translate/translate.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { checkedCase } from '../../support/translate/cases.ts';
import { wrongFates } from '../../support/translate/field-changes.ts';
import { optionsOf, triedTargets } from '../../support/translate/options.ts';
import { toyTranslator } from '../../support/translate/toy.ts';

const cases = goldenCases().filter(({ outputs }) => outputs === 'all');
const caseOf = (name: string) => cases.find((golden) => golden.name === name) ?? expect.fail(`no case ${name}`);

function ledger(name: string, translator: Translator = toyTranslator) {
  const checked = checkedCase(caseOf(name));
  return ledgerOf(checked, translator, translate(translator, checked.model, optionsOf(translator)));
}

function fatesIn(name: string, kind: string, translator?: Translator): Readonly<Record<string, string>> {
  const objects = ledger(name, translator).objects.filter(({ object }) => object.includes(`/${kind}/`));
  return Object.fromEntries(objects.flatMap(({ fields }) => fields.map(({ path, fate }) => [path, fate])));
}

describe('the ledger', () => {
  test('says of a split that its shares are kept, or changed where they are', () => {
    expect(fatesIn('split-90-10', 'TrafficSplit')).toMatchObject({
      apiVersion: 'as-is',
      'metadata.name': 'as-is',
      'spec.service': 'kept',
      'spec.backends[0].weight': 'kept',
    });
    expect(fatesIn('split-thirds', 'TrafficSplit')).toMatchObject({ 'spec.backends[0].weight': 'changed' });
  });

  test('does not call addresses of pods meaningless where documents are written with them', () => {
    const cluster = ledger('binding-shared-address').objects.filter(({ object }) => object.startsWith('core/Pod/'));
    const fates = cluster.flatMap(({ fields }) => fields.filter(({ path }) => /podIP/.test(path)));
    expect(new Set(fates.map(({ fate }) => fate))).toEqual(new Set(['as-is']));
    const plain: Translator = {
      ...(toyTranslator as Translator),
      emitUnit: ({ workloads }) =>
        Object.values(workloads).map(({ id, addresses, origins }) => ({
          name: id,
          format: 'plain',
          body: addresses.join(),
          origins,
        })),
    };
    const read = ledger('binding-shared-address', { ...plain, units: () => ['all' as UnitId] });
    const pods = read.objects.filter(({ object }) => object.startsWith('core/Pod/'));
    const addresses = pods.flatMap(({ fields }) => fields.filter(({ path }) => /podIP/.test(path)));
    expect(new Set(addresses.map(({ fate }) => fate))).toEqual(new Set(['kept']));
  });

  test('says with which code an object is refused, and where each of its fields stands', () => {
    const refused = ledger('split-negative-weight').objects.find(({ object }) => object.includes('TrafficSplit'));
    expect(refused?.fields.length).toBeGreaterThan(5);
    for (const field of refused?.fields ?? []) {
      expect(field).toMatchObject({ fate: 'lost', code: 'SMI2004', location: { line: expect.any(Number) } });
    }
  });

  test('is text, JSON of its schema, and one page', () => {
    const found = ledger('split-thirds');
    const schema = fileURLToPath(new URL('../../../schemas/translate/ledger.json', import.meta.url));
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
    expect(validate(JSON.parse(JSON.stringify(ledgerJson(found)))), JSON.stringify(validate.errors)).toBe(true);
    const [verdict, ...lines] = ledgerText(found);
    expect(verdict).toMatch(/^toy: \d+(\.\d)? % kept: of \d+ fields \d+ are kept, \d+ changed, 0 lost, /);
    expect(lines.join('\n')).toMatch(
      /changed {5}\S+policy\.yaml:\d+ spec\.backends\[0\]\.weight = 1: weights 1:1:1 become/,
    );
    expect(ledgerHtml(found)).toContain('<code>spec.backends[0].weight</code>');
  });

  test('says of a rule that comes too late for every request that traffic does not depend on it', async () => {
    const gatewayApi = await translators['gateway-api']!();
    expect(fatesIn('gateway-precedence', 'HTTPRoute', gatewayApi)).toMatchObject({
      'spec.rules[6].matches[0].path.value': 'kept',
      'spec.rules[7].matches[0].path.value': 'meaningless',
      'spec.rules[7].backendRefs[0].name': 'meaningless',
    });
  });

  // All cases: npm run translate:prove.
  test.each([
    ...['split-90-10', 'split-v1alpha1', 'binding-shared-address', 'policy-precedence'],
    ...['gateway-precedence', 'gateway-tcp', 'policy-matches', 'tls-modes'],
  ])('is right about every field of %s, whatever the target', async (name) => {
    const toy = { name: 'toy', translator: toyTranslator, options: optionsOf(toyTranslator) };
    for (const { name: target, translator, options } of [toy, ...(await triedTargets())]) {
      expect(wrongFates(caseOf(name), translator, options), target).toEqual([]);
    }
  });
});
