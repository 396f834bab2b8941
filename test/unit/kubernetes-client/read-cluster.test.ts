import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { readCluster } from '../../../src/kubernetes-client/read-cluster.ts';
import { type Answer, type FakeApiserver, fakeApiserver } from './support/apiserver.ts';

const wanted = [
  { group: '', kind: 'Service', versions: ['v1'] },
  { group: 'split.smi-spec.io', kind: 'TrafficSplit', versions: ['v1alpha4', 'v1alpha2'] },
];

let server: FakeApiserver | undefined;

afterEach(() => server?.close());

async function read(answer: Answer, answerTimeout = 10_000) {
  server = await fakeApiserver(answer);
  return readCluster({ kubeconfig: server.kubeconfig, answerTimeout }, wanted);
}

/** Discovery of a cluster that serves Services, and TrafficSplits in some versions. */
function discovery(path: string, versions: readonly string[] = ['v1alpha2', 'v1alpha1']): unknown {
  const split = 'split.smi-spec.io';
  if (path === '/apis') {
    const served = versions.map((version) => ({ groupVersion: `${split}/${version}` }));
    return { groups: served.length === 0 ? [] : [{ name: split, versions: served }] };
  }
  if (path === '/api/v1') {
    return {
      resources: [
        { name: 'services', kind: 'Service' },
        { name: 'services/status', kind: 'Service' },
      ],
    };
  }
  if (path.startsWith(`/apis/${split}/`) && !path.includes('?')) {
    return { resources: [{ name: 'trafficsplits', kind: 'TrafficSplit' }] };
  }
  return undefined;
}

function service(name: string) {
  return { metadata: { name, namespace: 'shop', managedFields: [{ manager: 'kubectl' }] }, spec: { ports: [] } };
}

function list(...names: readonly string[]) {
  return { items: names.map(service), metadata: {} };
}

test('the best version that the cluster serves is listed, and objects get back what lists leave out', async () => {
  const result = await read((path) => {
    return path.includes('services?') ? list('web') : path.includes('?') ? list('split') : discovery(path);
  });
  expect(result).toMatchObject({
    ok: true,
    value: {
      documents: [
        {
          key: 'core/Service/shop/web',
          apiVersion: 'v1',
          kind: 'Service',
          file: '<cluster fake>',
          object: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } },
        },
        { key: 'split.smi-spec.io/TrafficSplit/shop/split', apiVersion: 'split.smi-spec.io/v1alpha2' },
      ],
    },
  });
  expect(JSON.stringify(result)).not.toContain('managedFields');
  expect(server?.requests).toContain('/apis/split.smi-spec.io/v1alpha2/trafficsplits?limit=500');
});

test('objects have no lines', async () => {
  const result = await read((path) => (path.includes('?') ? list('web') : discovery(path, [])));
  expect(result.ok && result.value.documents.map(({ key }) => result.value.locate({ object: key, path: '' }))).toEqual([
    undefined,
  ]);
});

test('kinds that the cluster does not serve are passed over', async () => {
  const result = await read((path) => (path.includes('?') ? list('web') : discovery(path, [])));
  expect(result.ok && result.value.documents.map(({ kind }) => kind)).toEqual(['Service']);
});

test('a list is followed to its last page', async () => {
  const result = await read((path) => {
    if (path.includes('continue=next')) return list('second');
    if (path.includes('services?')) return { ...list('first'), metadata: { continue: 'next&page' } };
    return discovery(path, []);
  });
  expect(server?.requests.at(-1)).toBe('/api/v1/services?limit=500&continue=next%26page');
  expect(result.ok && result.value.documents.map(({ key }) => key)).toEqual([
    'core/Service/shop/first',
    'core/Service/shop/second',
  ]);
});

test('a list whose pages expire is begun anew', async () => {
  let expired = false;
  const result = await read((path, response) => {
    if (path.includes('continue=') && !expired) {
      expired = true;
      response.statusCode = 410;
      return { message: 'the provided continue parameter is too old' };
    }
    if (path.includes('continue=')) return list('second');
    if (path.includes('services?')) return { ...list('first'), metadata: { continue: 'next' } };
    return discovery(path, []);
  });
  expect(result.ok && result.value.documents.map(({ key }) => key)).toEqual([
    'core/Service/shop/first',
    'core/Service/shop/second',
  ]);
});

describe('nothing is used when', () => {
  const onServices =
    (act: Answer): Answer =>
    (path, response) =>
      path.includes('services?') ? act(path, response) : discovery(path, []);
  const refused = (status: number, message: string) =>
    onServices((_, response) => {
      response.statusCode = status;
      return { message };
    });
  const raw = (send: (response: ServerResponse) => void) =>
    onServices((_, response) => {
      send(response);
      return response;
    });

  test.each<[string, Answer, RegExp]>([
    ['a list is forbidden', refused(403, 'services is forbidden'), /403: services is forbidden$/],
    ['pages keep expiring', refused(410, 'too old'), /410: too old$/],
    [
      'the answer says nothing',
      onServices((_, response) => {
        response.statusCode = 500;
        response.end('null');
        return response;
      }),
      /500: no reason given$/,
    ],
    ['the answer is no JSON', raw((response) => response.end('<html>')), /with 200 and no JSON$/],
    [
      'the answer breaks off',
      raw((response) => response.write('{') && response.destroy()),
      /cannot be reached: (?:aborted|socket hang up)$/,
    ],
    [
      'a group is announced and does not answer',
      (path) => (path.startsWith('/apis/') ? undefined : discovery(path)),
      /404: there is no such thing$/,
    ],
  ])('%s', async (_, answer, sentence) => {
    const result = await read(answer);
    expect(result).toMatchObject({ ok: false, error: { code: 'SMI1010' } });
    expect(!result.ok && result.error.message).toMatch(sentence);
  });

  test('no answer comes in time, or its end does not', async () => {
    for (const answer of [raw(() => undefined), raw((response) => response.write('{'))]) {
      const result = await read(answer, 200);
      expect(!result.ok && result.error.message).toMatch(/cannot be reached: no answer within 0\.2 s$/);
      await server?.close();
    }
  });
});
