import { expect, test } from 'vitest';
import { accessMatrix } from '../../../src/analysis/matrix.ts';
import { account, compile, group, pod, service, split, target, tcpRoute } from '../../support/objects.ts';

const { model } = compile({
  services: [
    service('web'),
    service('web-2', { app: 'web' }),
    service('db', { ports: ['5432 tcp-sql'] }),
    service('empty'),
  ],
  pods: [pod('web'), pod('db', { ports: ['5432 tcp-sql'] }), pod('shop')],
  serviceAccounts: [account('ghost')],
  routeGroups: [group('books', { read: { pathRegex: '/books', methods: ['GET'] }, all: {} })],
  tcpRoutes: [tcpRoute('any')],
  splits: [split('s', 'web', { web: 3, 'web-2': 1 })],
  targets: [
    target('reads', 'web', ['shop'], ['HTTPRouteGroup books read']),
    target('ghosts', 'web', ['ghost'], ['HTTPRouteGroup books all']),
    target('sql', 'db', ['web'], ['TCPRoute any']),
  ],
});
const matrix = accessMatrix(model);

function cell(client: string, destination: string) {
  const row = matrix.clients.findIndex(({ account: name }) => name === `default/${client}`);
  const column = matrix.destinations.findIndex(({ service: id }) => id === `default/${destination}`);
  return matrix.cells[row]?.[column];
}

test('has a row for each account, also for one that only policy knows', () => {
  expect(matrix.clients.map(({ account: name, exists }) => [name, exists])).toEqual([
    ['default/db', true],
    ['default/ghost', false],
    ['default/shop', true],
    ['default/web', true],
  ]);
});

test('tells all from some from none, with the rules and an example of each', () => {
  expect(cell('shop', 'web')).toMatchObject({
    access: 'some',
    rules: ['default/reads'],
    allowed: { method: 'GET', path: '/books' },
    refused: { method: 'GET', path: '/' },
  });
  expect(cell('ghost', 'web')).toMatchObject({ access: 'all', rules: ['default/ghosts'] });
  expect(cell('db', 'web')).toMatchObject({ access: 'none', rules: [] });
  expect(cell('web', 'db')).toMatchObject({ access: 'all', allowed: { kind: 'tcp' }, matches: [] });
});

test('has the shares of what is let in', () => {
  const spread = [
    { backend: 'default/web-2:80', share: '1/4' },
    { backend: 'default/web:80', share: '3/4' },
  ];
  expect(cell('shop', 'web')?.spreads).toEqual([spread]);
  expect(cell('shop', 'web-2')?.spreads).toEqual([]);
});

test('a service without ready pods is unavailable', () => {
  expect(cell('shop', 'empty')?.access).toBe('unavailable');
});
