import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { compile, group, pod, service, split, target, tcpRoute } from '../../support/objects.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const validate = new Ajv({ allErrors: true }).compile(
  JSON.parse(readFileSync(`${root}schemas/model.json`, 'utf8')) as Record<string, unknown>,
);

const { model } = compile({
  services: [service('a', { ports: ['80:8080', '5432 tcp-db'] }), service('b'), service('x', { type: 'ExternalName' })],
  pods: [pod('a', { ports: ['8080 web', '5432'] }), pod('b')],
  splits: [split('s', 'a', { a: 1, b: 1 }, { matches: ['g'] }), split('t', 'b', { gone: 1 })],
  routeGroups: [group('g', { m: { pathRegex: '/x', methods: ['GET'], headers: { host: 'a' } }, n: {} })],
  tcpRoutes: [tcpRoute('r', [8080]), tcpRoute('all')],
  targets: [target('t', 'a', ['b'], ['HTTPRouteGroup g', 'TCPRoute r']), target('u', 'b', ['a'], ['TCPRoute all'])],
});

describe('schemas/model.json', () => {
  it('is what the types say', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/model-schema.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  }, 150_000);

  it('accepts what the compiler makes', () => {
    validate(JSON.parse(JSON.stringify(model)));
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ['an unknown field', { ...model, more: 1 }],
    ['a missing field', { ...model, services: undefined }],
    ['an unknown mode', { ...model, settings: { ...model.settings, accessMode: 'open' } }],
    [
      'an empty list for any',
      {
        ...model,
        inbound: { 'a/b': { set: 'a/b', mode: 'deny', grants: [{ rule: 'r', from: [], to: [], origins: [] }] } },
      },
    ],
  ])('refuses %s', (_, broken) => {
    expect(validate(JSON.parse(JSON.stringify(broken)))).toBe(false);
  });
});
