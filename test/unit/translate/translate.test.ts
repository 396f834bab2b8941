import { describe, expect, test } from 'vitest';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { lossDiagnostic, translate } from '../../../src/translate/translate.ts';
import { compile, service, split, target } from '../../support/objects.ts';
import { toyTranslator } from '../../support/translate/toy.ts';

const { model } = compile({
  services: [service('a'), service('b'), service('c')],
  splits: [split('s', 'a', { a: 1, b: 2 })],
});

describe('a translation', () => {
  test('has what the adapter reports once for each case, not the entry of its table beside it', () => {
    const { artifacts, losses, general } = translate(toyTranslator, model, { access: 'elsewhere' });
    expect(artifacts).toHaveLength(3);
    expect(losses.map(({ text }) => text)).toEqual(['weights 1:2 become percents 34:66']);
    expect(general).toEqual([]);
  });

  test('has no documents of what is refused', () => {
    const { model: guarded } = compile({
      services: [service('a')],
      targets: [target('t', 'a', ['b'], ['TCPRoute x'])],
    });
    const refused = { ...toyTranslator, refuse: () => [lossDiagnostic('toy', loss('dropped'))] };
    expect(translate(refused, guarded, {})).toMatchObject({ artifacts: [], losses: [], refusals: [{}] });
  });

  test('is refused where two documents are the same object, in whatever version of its kind', () => {
    const renamed = (apiVersions: readonly string[]): typeof toyTranslator => ({
      ...toyTranslator,
      emitUnit: (...asked) =>
        toyTranslator.emitUnit(...asked).map((artifact) => {
          const apiVersion = apiVersions[['route/default/a', 'route/default/b'].indexOf(asked[1])];
          const metadata = { namespace: 'default', name: 'route' };
          return apiVersion === undefined ? artifact : { ...artifact, body: { apiVersion, kind: 'Route', metadata } };
        }),
    });
    const open = { access: 'elsewhere' };
    expect(translate(renamed(['toy/v1', 'other/v1']), model, open).artifacts).toHaveLength(3);
    const { artifacts, refusals } = translate(renamed(['toy/v1', 'toy/v2']), model, open);
    expect(artifacts).toEqual([]);
    expect(refusals).toMatchObject([
      { code: 'SMI5007', severity: 'error', message: 'toy wrote 2 documents that are toy Route default route' },
    ]);
    const places = refusals.flatMap(({ origin, related = [] }) => [origin, ...related]).map((one) => one?.object);
    expect(places).toEqual(expect.arrayContaining(['core/Service/default/a', 'core/Service/default/b']));
  });

  test.each([
    ['changed', 'SMI5001'],
    ['narrowed', 'SMI5005'],
    ['dropped', 'SMI5002'],
  ] as const)('tells of what is %s as %s, at the fields that ask for it', (kind, code) => {
    expect(lossDiagnostic('toy', loss(kind))).toMatchObject({
      code,
      severity: 'warning',
      message: 'toy, access-http: /[a-z] lets in nothing',
      origin: { path: 'spec.a' },
      related: [{ path: 'spec.b' }],
    });
  });
});

function loss(kind: 'changed' | 'narrowed' | 'dropped') {
  const origins = ['spec.a', 'spec.b'].map((path) => ({ object: 'core/Service/default/a', path }) as Origin);
  return { feature: 'access-http', kind, text: '/[a-z] lets in nothing', origins } as const;
}
