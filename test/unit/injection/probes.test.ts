import { describe, expect, it } from 'vitest';
import { podAnnotations } from '../../../src/kubernetes/names.ts';
import type { Fields } from '../../../src/lib/values.ts';
import { parseProbeTable } from '../../../src/probes/table.ts';
import { containerOf, injected, podWith } from './support.ts';

function rewritten(container: Fields, spec: Fields = {}, annotations: Readonly<Record<string, string>> = {}) {
  const { pod } = injected(podWith(container, spec, annotations));
  const text = containerOf(pod, 'smi-mesh-proxy').env?.find(({ name }) => name === 'SMI_MESH_PROBES')?.value ?? '';
  const table = parseProbeTable(text);
  return { container: containerOf(pod, 'web'), pod, table: table.ok ? table.value : table.error };
}

const led = (path: string) => ({ httpGet: { path, port: 15_021, scheme: 'HTTP' } });

describe('probes of a pod with a sidecar', () => {
  it('over HTTP are led through it with everything that they say', () => {
    const httpGet = {
      path: '/healthz?full=1',
      port: 'web',
      scheme: 'HTTPS',
      httpHeaders: [{ name: 'Host', value: 'shop' }],
    };
    const timing = { periodSeconds: 7, timeoutSeconds: 4, terminationGracePeriodSeconds: 9 };
    const ports = [{ name: 'web', containerPort: 8_443 }];
    const { container, table } = rewritten({ ports, livenessProbe: { httpGet, ...timing } });
    expect(container.livenessProbe).toEqual({ ...led('/probe/web/liveness'), ...timing });
    const headers = [{ name: 'Host', value: 'shop' }];
    const target = { kind: 'http', port: 8_443, path: '/healthz?full=1', scheme: 'https', headers };
    expect(table).toEqual({ 'web/liveness': { target, timeoutSeconds: 4 } });
  });

  it('of connections and of gRPC health as well', () => {
    const { container, table } = rewritten({
      readinessProbe: { tcpSocket: { port: 5_432 } },
      startupProbe: { grpc: { port: 9_000, service: 'ready' } },
    });
    expect([container.readinessProbe, container.startupProbe]).toEqual([
      led('/probe/web/readiness'),
      led('/probe/web/startup'),
    ]);
    expect(table).toEqual({
      'web/readiness': { target: { kind: 'tcp', port: 5_432 }, timeoutSeconds: 1 },
      'web/startup': { target: { kind: 'grpc', port: 9_000, service: 'ready' }, timeoutSeconds: 1 },
    });
  });

  it('hooks that are requests are led through it within the time that the pod has to end', () => {
    const lifecycle = { preStop: { httpGet: { path: '/stop', port: 80 } }, postStart: { exec: { command: ['true'] } } };
    const { container, table } = rewritten({ lifecycle }, { terminationGracePeriodSeconds: 12 });
    expect(container.lifecycle).toEqual({ ...lifecycle, preStop: led('/probe/web/preStop') });
    expect(table).toMatchObject({ 'web/preStop': { target: { path: '/stop' }, timeoutSeconds: 12 } });
  });

  it('those of sidecars that the pod has itself too', () => {
    const own = { name: 'cache', restartPolicy: 'Always', livenessProbe: { tcpSocket: { port: 6_379 } } };
    const { pod, table } = rewritten({}, { initContainers: [own] });
    expect(containerOf(pod, 'cache').livenessProbe).toEqual(led('/probe/cache/liveness'));
    expect(Object.keys(table)).toEqual(['cache/liveness']);
  });

  it.each([
    ['commands', { exec: { command: ['true'] } }],
    ['another host', { httpGet: { host: '10.0.0.1', port: 80 } }],
    ['a port without a number', { httpGet: { port: 'nowhere' } }],
    ['a port that is not intercepted', { tcpSocket: { port: 9_090 } }],
  ])('stay as they are: %s', (_what, livenessProbe) => {
    const annotations = { [podAnnotations.excludeInboundPorts]: '9090' };
    const { container, table } = rewritten({ livenessProbe }, {}, annotations);
    expect([container.livenessProbe, table]).toEqual([livenessProbe, {}]);
  });
});

describe('the table of probes', () => {
  it.each(['', '[]', '{"web/liveness":{}}', '{"web/liveness":{"timeoutSeconds":1,"target":{"kind":"udp","port":1}}}'])(
    'is not read when it is %s',
    (text) => {
      expect(parseProbeTable(text).ok).toBe(false);
    },
  );
});
