import { describe, expect, it } from 'vitest';
import type { MeshInput } from '../../../src/compile/index.ts';
import { admitted } from '../../../src/model/admission.ts';
import type { MeshSettings } from '../../../src/model/types.ts';
import { account, compile, group, pod, service, target, tcpRoute } from '../../support/objects.ts';

const world: Partial<MeshInput> = {
  services: [service('server', { ports: ['80:8080', '5432 tcp-db'] })],
  pods: [pod('server', { ports: ['8080', '5432'] }), pod('buyer', { ports: [] })],
  serviceAccounts: [account('server'), account('buyer')],
  routeGroups: [group('books', { read: { pathRegex: '/books' } })],
  tcpRoutes: [tcpRoute('db', [5432])],
};

function at(port: number, input: Partial<MeshInput> = {}, settings: Partial<MeshSettings> = {}) {
  const { services, workloads, ...model } = compile({ ...world, ...input }, settings).model;
  const [buyer, server] = Object.values(workloads);
  const found = Object.values(services)[0]?.ports.find((candidate) => candidate.port === port);
  expect(server?.name).toBe('server');
  const admission = admitted({ services, workloads, ...model }, buyer!, found!);
  return admission === 'any' ? 'any' : admission.map(({ path }) => (path === 'any' ? path : path.kind));
}

describe('what a server may let in', () => {
  it('is nothing without a grant', () => {
    expect([at(80), at(5432)]).toEqual([[], []]);
  });

  it('is what the grants for the client cover at the port', () => {
    const targets = [target('t', 'server', ['buyer'], ['HTTPRouteGroup books'])];
    expect([at(80, { targets }), at(5432, { targets })]).toEqual([['regex'], []]);
  });

  it('is everything with a grant of any bytes', () => {
    const targets = [target('t', 'server', ['buyer'], ['TCPRoute db'])];
    expect([at(80, { targets }), at(5432, { targets })]).toEqual([[], 'any']);
  });

  it.each(['audit', 'allow'] as const)('is everything in mode %s', (accessMode) => {
    expect(at(80, {}, { accessMode })).toBe('any');
  });

  it('is everything where nobody asks policy, and where nobody is ready to say no', () => {
    const buyer = pod('buyer', { ports: [] });
    const plain = pod('server', { annotations: { 'smi-mesh.io/sidecar': 'disabled' } });
    expect(at(80, { pods: [plain, buyer] })).toBe('any');
    expect(at(80, { pods: [pod('server', { ready: false }), buyer] })).toBe('any');
  });

  it('is everything where one of several servers lets everything in', () => {
    const plain = pod('zplain', { app: 'server', annotations: { 'smi-mesh.io/sidecar': 'disabled' } });
    expect(at(80, { pods: [...(world.pods ?? []), plain] })).toBe('any');
  });
});
