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
