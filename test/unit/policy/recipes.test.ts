import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { policyCodes } from '../../../src/diagnostics/codes/policies.ts';
import { compile, explain, parse, read, validate } from '../../../src/index.ts';
import { loadYaml } from '../../support/yaml.ts';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/policy.md', root), 'utf8');
const base = readFileSync(new URL('docs/diagnostics/base.yaml', root), 'utf8');
const recipes = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

/** Fields of `spec` beside whom and what it is about. */
function fieldsOf(text: string): readonly string[] {
  return loadYaml(text)
    .flatMap((object) => Object.keys(object.spec))
    .filter((name) => name !== 'targetRefs' && name !== 'matches');
}

describe('docs/policy.md', () => {
  test.each(recipes)('its example is valid and in force: %s', (text) => {
    const sources = parse(`${base}---\n${text}`);
    expect(validate(sources).findings.map(({ diagnostic }) => diagnostic.message)).toEqual([]);
    const { services, outbound, inbound, workloads } = compile(sources).model;
    const ports = Object.values(outbound).flatMap(({ ports }) => Object.values(ports));
    const inForce = [
      ...ports.flatMap(({ policies = [] as const }) => policies.flatMap(({ fields }) => Object.keys(fields))),
      ...ports.flatMap(({ endpoints }) => Object.keys(endpoints?.fields ?? {})),
      ...Object.values(inbound).flatMap(({ policies }) =>
        (policies ?? []).flatMap(({ fields }) => Object.keys(fields)),
      ),
      ...Object.values(workloads).flatMap((workload) => workload.ports.flatMap(({ tls }) => (tls ? ['tls'] : []))),
    ];
    expect(Object.keys(services)).toContain('default/shop');
    expect(inForce).toEqual(expect.arrayContaining([...fieldsOf(text)]));
  });

  test('has a recipe for every field', () => {
    const schema = readFileSync(new URL('schemas/policy/policy.smi-mesh.io/v1alpha1/TrafficPolicy.json', root), 'utf8');
    const { spec } = (JSON.parse(schema) as { readonly properties: Record<string, { readonly properties: object }> })
      .properties;
    const known = Object.keys(spec?.properties ?? {}).filter((name) => name !== 'targetRefs' && name !== 'matches');
    expect([...new Set(recipes.flatMap(fieldsOf))].sort()).toEqual(known.sort());
  });

  test('names every code of policies, and no other of references and semantics', () => {
    expect([...new Set(page.match(/SMI[34]\d{3}/g))].sort()).toEqual(Object.keys(policyCodes).sort());
  });
});

describe('examples/policies', () => {
  const sources = read([new URL('examples/policies', root).pathname]);
  const asked = (path: string, headers = {}) => {
    const explained = explain(compile(sources).model, { from: 'client', to: 'shop', path, headers });
    if (!explained.ok) throw new Error(explained.error);
    return explained.value;
  };

  test('is valid', () => {
    expect(validate(sources).findings.map(({ diagnostic }) => diagnostic.message)).toEqual([]);
  });

  test('has of each field what the most specific policy says', () => {
    const { verdict, policies } = asked('/books');
    expect(verdict).toBe('allowed');
    expect(
      policies.filter(({ policy }) => policy === 'timeouts' || policy === 'mirror').map(({ text }) => text),
    ).toEqual([
      '10 % to default/shop-v2:80, by TrafficPolicy default/try-v2',
      'idle 5m, by TrafficPolicy smi-mesh/defaults',
      'perTry 3s, by TrafficPolicy default/team',
      'request 5s, by TrafficPolicy default/shop',
    ]);
  });

  test('lets in end users alone where it says so', () => {
    expect(asked('/account').verdict).toBe('denied');
    expect(asked('/account', { 'x-user': 'alice' }).verdict).toBe('denied');
    expect(asked('/account', { 'x-user': 'alice', authorization: 'Bearer token' }).verdict).toBe('allowed');
  });
});
