import { expect } from 'vitest';
import { until } from '../../../e2e/support/mesh.ts';
import type { Lab } from '../../lab/lab.ts';
import { inPod } from './mesh.ts';
import { planes } from './two-planes.ts';
import { deployment, service } from './workloads.ts';

type Plane = (typeof planes)[number];

const callers: Readonly<Record<Plane, string>> = { proxy: 'knower-proxy', envoy: 'knower-envoy' };
const port = 8080;
/** Of each plane's caller. */
const calls = { fine: 40, refused: 7 };
const patience = 90_000;

/** Beside `twoPlanes`: for each data plane a caller that calls when it is told to, and a Service with a pod that fails. */
export function knownLoad(): readonly unknown[] {
  const metadata = (name: string) => ({ name, namespace: 'default' });
  const target = (name: string) => ({
    ...{ apiVersion: 'access.smi-spec.io/v1alpha4', kind: 'TrafficTarget', metadata: metadata(`knowers-to-${name}`) },
    spec: {
      destination: { kind: 'ServiceAccount', name, namespace: 'default' },
      sources: planes.map((plane) => ({ kind: 'ServiceAccount', name: callers[plane], namespace: 'default' })),
      rules: [{ kind: 'HTTPRouteGroup', name: 'fine' }],
    },
  });
  const half = { ...{ account: 'fragile', app: 'fragile', port }, command: ['node', 'echo.mjs'] };
  return [
    ...[...Object.values(callers), 'fragile'].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name) },
    })),
    ...planes.map((plane) =>
      deployment({
        ...{ name: callers[plane], account: callers[plane], command: ['sleep', '100000'] },
        annotations: { 'smi-mesh.io/data-plane': plane },
      }),
    ),
    {
      ...{ apiVersion: 'specs.smi-spec.io/v1alpha4', kind: 'HTTPRouteGroup', metadata: metadata('fine') },
      spec: { matches: [{ name: 'fine', pathRegex: '/fine.*', methods: ['GET'] }] },
    },
    target('server'),
    target('fragile'),
    service('fragile', 'default', port),
    deployment({ name: 'fragile-well', ...half }),
    deployment({ name: 'fragile-sick', ...half, environment: { SICK: 'true' } }),
    {
      ...{ apiVersion: 'policy.smi-mesh.io/v1alpha1', kind: 'TrafficPolicy', metadata: metadata('fragile') },
      spec: {
        targetRefs: [{ kind: 'Service', name: 'fragile' }],
        // Otherwise who failed once is asked seldom.
        loadBalancer: { algorithm: 'roundRobin' },
        retries: { attempts: 0 },
        outlierDetection: {
          ...{ consecutiveFailures: 3, interval: '1s' },
          ejection: { time: '10m', maxTime: '10m', maxPercent: 50 },
        },
      },
    },
  ];
}

/** Has each caller call its server; what it gets is what TrafficMetrics shall tell. */
export async function callServers(lab: Lab): Promise<void> {
  for (const plane of planes) {
    const server = `http://server-${plane}:${port}`;
    const codes = await curl(lab, plane, `${server}/fine?[1-${calls.fine}]`, `${server}/other?[1-${calls.refused}]`);
    expect(codes, plane).toEqual([...Array(calls.fine).fill('200'), ...Array(calls.refused).fill('403')]);
  }
}

/** Has each caller call the Service with the pod that fails; how many answers were failures. */
export async function callFragile(lab: Lab, plane: Plane): Promise<number> {
  const codes = await curl(lab, plane, `http://fragile:${port}/fine?[1-40]`);
  return codes.filter((code) => code === '503').length;
}

async function curl(lab: Lab, plane: Plane, ...urls: readonly string[]): Promise<readonly string[]> {
  const each = [
    '--write-out',
    '%{http_code} ',
    '--max-time',
    '20',
    ...urls.flatMap((url) => ['--output', '/dev/null', url]),
  ];
  const { stdout, stderr } = await inPod(lab, callers[plane], ['curl', '--silent', '--show-error', ...each]);
  expect(stderr).toBe('');
  return stdout.trim().split(' ');
}

interface TrafficMetrics {
  readonly edge: { readonly resource: { readonly name: string } | null };
  readonly metrics: readonly { readonly name: string; readonly value: string }[];
}

/** Waits until the API behind the apiserver tells what `callServers` has done, exactly, as both sides measure it. */
export async function knownByApi(lab: Lab, node: string): Promise<void> {
  const counted = [calls.fine, calls.refused];
  const wanted = planes.map(() => ({ sent: counted, received: counted }));
  let last: unknown;
  const told = async () => {
    const counts = await Promise.all(
      planes.map((plane) => countsOf(lab, plane, node).catch((error: Error) => error.message)),
    );
    last = counts;
    return JSON.stringify(counts) === JSON.stringify(wanted);
  };
  await until(told, patience, () => `TrafficMetrics of the known load: ${JSON.stringify(last)}`);
}

async function countsOf(lab: Lab, plane: Plane, node: string) {
  const sent = await asked<TrafficMetrics>(lab, `${callers[plane]}?window=5m&side=client&direction=to`);
  const path = `server-${plane}-${node}/edges?window=5m&side=server&direction=from`;
  const { items } = await asked<{ readonly items: readonly TrafficMetrics[] }>(lab, path);
  const received = items.find(({ edge }) => edge.resource?.name === callers[plane]);
  return { sent: countsIn(sent), received: countsIn(received) };
}

async function asked<T>(lab: Lab, path: string): Promise<T> {
  const all = '/apis/metrics.smi-spec.io/v1alpha2/namespaces/default/deployments';
  return JSON.parse(await lab.must(['get', '--raw', `${all}/${path}`])) as T;
}

function countsIn(measured: TrafficMetrics | undefined): readonly number[] {
  const value = (name: string) => Number(measured?.metrics.find((one) => one.name === name)?.value);
  return [value('success_count'), value('failure_count')];
}
