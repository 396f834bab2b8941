import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';
import { accountName, fields, groupNames, manifest, matchName, namespaces, port, routeNames } from './parts.ts';

const group = 'access.smi-spec.io';

function account(extra: Readonly<Record<string, fc.Arbitrary<unknown>>> = {}): fc.Arbitrary<Fields> {
  const all = {
    kind: fc.constant('ServiceAccount'),
    name: accountName,
    namespace: fc.constantFrom(...namespaces),
    ...extra,
  };
  return fields(all, ['kind', 'name']);
}

const binding = fields(
  {
    kind: fc.constant('IdentityBinding'),
    name: fc.constantFrom('staff', 'partners'),
    namespace: fc.constantFrom(...namespaces),
    group: fc.constant(group),
  },
  ['kind', 'name'],
);

function rules(version: string): fc.Arbitrary<readonly Fields[]> {
  const http = fields(
    {
      kind: fc.constant('HTTPRouteGroup'),
      name: fc.constantFrom(...groupNames),
      matches: fc.array(matchName, { maxLength: 2 }),
    },
    ['kind', 'name'],
  );
  const tcp = fields({ kind: fc.constant('TCPRoute'), name: fc.constantFrom(...routeNames) });
  const udp = fields({ kind: fc.constant('UDPRoute'), name: fc.constantFrom(...routeNames) });
  const early = version === 'v1alpha1' || version === 'v1alpha2';
  return fc.array(early ? fc.oneof(http, tcp) : fc.oneof(http, tcp, udp), { maxLength: 3 });
}

/** TrafficTargets of a version. */
export function trafficTarget(version: string): fc.Arbitrary<Fields> {
  const of = (body: fc.Arbitrary<Fields>) =>
    manifest(`${group}/${version}`, 'TrafficTarget', fc.constantFrom('target', 'other'), body);
  const subject =
    version === 'v1alpha4' ? fc.oneof(account({ group: fc.constantFrom('', 'core') }), binding) : account();
  const sources = fc.array(subject, { maxLength: 3 });
  switch (version) {
    case 'v1alpha1': {
      const destination = account({ port: fc.oneof(port, port.map(String)) });
      return of(
        fields({ destination, specs: rules(version), sources: fc.array(account({ port }), { maxLength: 3 }) }, [
          'destination',
        ]),
      );
    }
    case 'v1alpha2': {
      const destination = account({ port: fc.oneof(port, fc.constant(null)) });
      return of(fields({ spec: fields({ destination, rules: rules(version), sources }, ['destination']) }));
    }
    default:
      return of(fields({ spec: fields({ destination: subject, rules: rules(version), sources }) }));
  }
}

/** IdentityBindings; they have one version. */
export function identityBinding(): fc.Arbitrary<Fields> {
  const spiffeIdentities = fc.uniqueArray(
    accountName.map((name) => `spiffe://cluster.local/ns/default/sa/${name}`),
    { minLength: 1, maxLength: 2 },
  );
  const podLabelSelector = accountName.map((app) => ({ matchLabels: { app } }));
  const schemes = fc.oneof(
    fields({ serviceAccount: accountName, spiffeIdentities }, ['serviceAccount']),
    fields({ podLabelSelector, spiffeIdentities }, ['podLabelSelector']),
    fields({ spiffeIdentities }),
  );
  const spec = fields({ schemes });
  return manifest(`${group}/v1alpha4`, 'IdentityBinding', fc.constantFrom('staff', 'partners'), fields({ spec }));
}
