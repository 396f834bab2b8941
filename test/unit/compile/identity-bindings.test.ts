import { describe, expect, it } from 'vitest';
import type { MeshInput } from '../../../src/compile/index.ts';
import { checkModel } from '../../../src/model/check.ts';
import type { MeshModel, Principal } from '../../../src/model/types.ts';
import { binding, compile, pod, service, target, tcpRoute } from '../../support/objects.ts';

const world: Partial<MeshInput> = {
  services: [service('server')],
  pods: [
    pod('server'),
    pod('front', { account: 'shop', ips: ['10.0.0.1'] }),
    pod('back', { account: 'shop', ips: ['10.0.0.2'] }),
  ],
  tcpRoutes: [tcpRoute('all')],
};

function from(input: Partial<MeshInput>): { readonly from: readonly Principal[]; readonly codes: readonly string[] } {
  const { model, diagnostics } = compile({
    ...world,
    targets: [target('t', 'server', ['~b'], ['TCPRoute all'])],
    ...input,
  });
  expect(checkModel(model)).toEqual([]);
  const codes = diagnostics.map(({ code }) => code).filter((code) => code !== 'SMI3008');
  return { from: inbound(model, 'default/server')?.grants[0]?.from ?? [], codes };
}

const inbound = (model: MeshModel, set: string) => Object.values(model.inbound).find((policy) => policy.set === set);
const front = { podLabelSelector: { app: 'front' } };

describe('a binding as source', () => {
  it('of labels is the account and the addresses of the selected pods', () => {
    expect(from({ identityBindings: [binding('b', front)] })).toMatchObject({
      from: [
        {
          kind: 'pods',
          spiffe: 'spiffe://cluster.local/ns/default/sa/shop',
          workloads: ['default/front'],
          addresses: ['10.0.0.1'],
        },
      ],
      codes: [],
    });
  });

  it('leaves out a pod whose address another pod of the account has too', () => {
    const pods = [...(world.pods ?? []), pod('host', { account: 'shop', ips: ['10.0.0.1'] })];
    expect(from({ pods, identityBindings: [binding('b', front)] })).toEqual({ from: [], codes: ['SMI4031'] });
  });

  it('keeps the addresses of a pod that are its own', () => {
    const pods = [
      pod('server'),
      pod('front', { account: 'shop', ips: ['10.0.0.1', 'FD00::1'] }),
      pod('host', { account: 'shop', ips: ['10.0.0.1'] }),
    ];
    const { from: principals } = from({ pods, identityBindings: [binding('b', front)] });
    expect(principals).toMatchObject([{ kind: 'pods', addresses: ['fd00::1'] }]);
  });

  it('keeps a pod whose address is not known yet', () => {
    const pods = [pod('server'), pod('front', { account: 'shop' })];
    const { from: principals } = from({ pods, identityBindings: [binding('b', front)] });
    expect(principals).toMatchObject([{ kind: 'pods', workloads: ['default/front'], addresses: [] }]);
  });

  it('of identities names accounts of its own namespace and other trust domains', () => {
    const spiffeIdentities = [
      'spiffe://cluster.local/ns/default/sa/shop',
      'spiffe://cluster.local/ns/other/sa/shop',
      'spiffe://cluster.local/somebody',
      'spiffe://partner.example/billing',
    ];
    const found = from({ identityBindings: [binding('b', { spiffeIdentities })] });
    expect(found.from.map(({ kind, spiffe }) => `${kind} ${spiffe}`)).toEqual([
      'identity spiffe://cluster.local/ns/default/sa/shop',
      'identity spiffe://partner.example/billing',
    ]);
    expect(found.codes).toEqual(['SMI4030', 'SMI4030', 'SMI4032']);
  });

  it('names one identity once, with every field that names it', () => {
    const both = { serviceAccount: 'shop', spiffeIdentities: ['spiffe://cluster.local/ns/default/sa/shop'] };
    const { from: principals } = from({ identityBindings: [binding('b', both)] });
    expect(principals).toHaveLength(1);
    expect(principals[0]?.origins.map(({ path }) => path)).toEqual([
      'spec.sources[0]',
      'spec.schemes.spiffeIdentities[0]',
      'spec.sources[0]',
      'spec.schemes.serviceAccount',
    ]);
  });

  it('that does not exist stands for nobody', () => {
    expect(from({})).toEqual({ from: [], codes: ['SMI3012'] });
  });
});

describe('a binding as destination', () => {
  const opening = (schemes: Parameters<typeof binding>[1], input: Partial<MeshInput> = {}) =>
    compile({
      ...world,
      targets: [target('t', '~b', ['server'], ['TCPRoute all'])],
      identityBindings: [binding('b', schemes)],
      ...input,
    });

  it('gives the selected pods a policy of their own', () => {
    const { model } = opening(front);
    const set = model.workloads['default/front' as keyof typeof model.workloads]?.set ?? '';
    expect(set).toMatch(/^default\/shop~[0-9a-f]{16}$/);
    expect(inbound(model, set)?.grants.map(({ rule }) => rule)).toEqual(['default/t']);
    expect(inbound(model, 'default/shop')?.grants).toEqual([]);
    expect(checkModel(model)).toEqual([]);
  });

  it('of a whole account needs no set of its own', () => {
    const { model } = opening({ ...front, spiffeIdentities: ['spiffe://cluster.local/ns/default/sa/shop'] });
    expect(Object.keys(model.inbound)).toEqual(['default/server', 'default/shop']);
    expect(inbound(model, 'default/shop')?.grants).toHaveLength(1);
  });

  it('never is an identity of another trust domain', () => {
    const { model } = opening({ spiffeIdentities: ['spiffe://partner.example/ns/default/sa/shop'] });
    expect(Object.values(model.inbound).flatMap(({ grants }) => grants)).toEqual([]);
  });

  it('does not depend on the order of targets', () => {
    const targets = ['x', 'y'].map((name) => target(name, '~b', ['server'], ['TCPRoute all']));
    const { model } = opening(front, { targets });
    expect(opening(front, { targets: targets.toReversed() }).model).toEqual(model);
  });
});
