import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Injection, injectPod } from '../../../src/injection/inject-pod.ts';
import { readPorts, readRanges } from '../../../src/interception/interception.ts';
import { injectLabel, podAnnotations } from '../../../src/kubernetes/names.ts';
import type { Fields } from '../../../src/lib/values.ts';
import { type ContextChanges, containerOf, contextWith, injected, podWith } from './support.ts';

const names = (containers: readonly { readonly name: string }[]) => containers.map(({ name }) => name);

function outcome(pod: Fields, changes?: ContextChanges): string {
  const injection = injectPod(pod, contextWith(changes));
  return injection.kind === 'skipped' ? injection.reason : injection.kind;
}

function faults(pod: Fields, changes?: ContextChanges): readonly (readonly [code: string, path: string | undefined])[] {
  const injection = injectPod(pod, contextWith(changes));
  return injection.kind === 'refused' ? injection.faults.map(({ code, origin }) => [code, origin?.path] as const) : [];
}

describe('where sidecars come', () => {
  const own = { initContainers: [{ name: 'migrate', image: 'migrate' }] };

  it('native: before every other container, after the rules of redirection', () => {
    const { pod } = injected(podWith({}, own));
    expect(names(pod.spec.initContainers)).toEqual(['smi-mesh-init', 'smi-mesh-proxy', 'migrate']);
    expect(names(pod.spec.containers)).toEqual(['web']);
    const proxy = containerOf(pod, 'smi-mesh-proxy');
    expect(proxy.restartPolicy).toBe('Always');
    expect(proxy.startupProbe).toMatchObject({ httpGet: { path: '/ready', port: 15_021 }, periodSeconds: 1 });
    expect(proxy.lifecycle).toBeUndefined();
  });

  it('ordinary: first in the list, and nothing is redirected while init containers run', () => {
    const { pod } = injected(podWith({}, own), { settings: { nativeSidecars: 'off' } });
    expect(names(pod.spec.initContainers)).toEqual(['migrate', 'smi-mesh-init']);
    expect(names(pod.spec.containers)).toEqual(['smi-mesh-proxy', 'web']);
    const { lifecycle, restartPolicy, startupProbe } = containerOf(pod, 'smi-mesh-proxy');
    expect(lifecycle).toEqual({
      postStart: { exec: { command: ['smi-cli', 'sidecar-wait'] } },
      preStop: { httpGet: { path: '/ended', port: 15_021 } },
    });
    expect([restartPolicy, startupProbe]).toEqual([undefined, undefined]);
    expect(pod.metadata.annotations['kubectl.kubernetes.io/default-container']).toBe('web');
  });

  it('an Envoy has an agent that starts before it', () => {
    const annotations = { [podAnnotations.dataPlane]: 'envoy' };
    const native = injected(podWith({}, {}, annotations)).pod;
    expect(names(native.spec.initContainers)).toEqual(['smi-mesh-init', 'smi-mesh-agent', 'smi-mesh-envoy']);
    expect(containerOf(native, 'smi-mesh-agent').startupProbe).toMatchObject({ httpGet: { path: '/started' } });
    const envoy = containerOf(native, 'smi-mesh-envoy');
    expect([envoy.command, envoy.args?.slice(0, 2)]).toEqual([['envoy'], ['-c', '/var/run/smi-mesh/bootstrap.json']]);
    const ordinary = injected(podWith({}, {}, annotations), { settings: { nativeSidecars: 'off' } }).pod;
    expect(names(ordinary.spec.containers)).toEqual(['smi-mesh-agent', 'smi-mesh-envoy', 'web']);
    expect(containerOf(ordinary, 'smi-mesh-envoy').lifecycle).toMatchObject({
      postStart: { httpGet: { path: '/wait', port: 15_021 } },
    });
  });

  it.each([
    [{ major: 1, minor: 28 }, 'auto', 'ordinary'],
    [{ major: 1, minor: 29 }, 'auto', 'native'],
    [{ major: 2, minor: 0 }, 'auto', 'native'],
    [undefined, 'auto', 'native'],
    [{ major: 1, minor: 28 }, 'on', 'native'],
    [{ major: 1, minor: 34 }, 'off', 'ordinary'],
  ] as const)('apiserver %j, native sidecars %s: %s', (serverVersion, nativeSidecars, kind) => {
    const version = serverVersion === undefined ? {} : { serverVersion };
    const { pod } = injected(podWith(), { ...version, settings: { nativeSidecars } });
    expect(names(pod.spec.containers).includes('smi-mesh-proxy') ? 'ordinary' : 'native').toBe(kind);
  });

  it('warns when an ordinary sidecar would keep a Job from completing', () => {
    const pod = podWith({}, { restartPolicy: 'Never' });
    const { warnings } = injected(pod, { settings: { nativeSidecars: 'off' } });
    expect(warnings.map(({ code, origin }) => [code, origin?.path])).toEqual([['SMI6204', 'spec.restartPolicy']]);
    expect(injected(pod).warnings).toEqual([]);
  });
});

describe('what sidecars may do', () => {
  const locked = {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };

  it('only what sets the rules may change the network, and nothing else', () => {
    const init = containerOf(injected(podWith()).pod, 'smi-mesh-init');
    expect(init.command).toEqual(['smi-cli', 'intercept', '--data-plane', 'proxy']);
    expect(init.securityContext).toMatchObject({
      ...locked,
      runAsUser: 0,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
    });
  });

  it.each(['smi-mesh-proxy', 'smi-mesh-agent', 'smi-mesh-envoy'])('%s has no privilege at all', (name) => {
    const dataPlane = name === 'smi-mesh-proxy' ? 'proxy' : 'envoy';
    const { pod } = injected(podWith(), { settings: { dataPlane } });
    expect(containerOf(pod, name).securityContext).toEqual({
      ...locked,
      capabilities: { drop: ['ALL'] },
      runAsUser: 15_000,
      runAsGroup: 15_000,
      runAsNonRoot: true,
    });
  });

  it('with the CNI plug-in no container has a privilege; one checks that the rules are there', () => {
    const annotations = { [podAnnotations.excludeUids]: '7' };
    const { pod } = injected(podWith({}, {}, annotations), { settings: { cni: true } });
    const init = containerOf(pod, 'smi-mesh-init');
    expect(init.command).toEqual(['smi-cli', 'intercept', '--check']);
    expect(init.securityContext).toMatchObject({
      runAsUser: 15_001,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.metadata.annotations[podAnnotations.interception]).toBe('--data-plane proxy --exclude-uids 7');
  });
});

describe('what sidecars are told', () => {
  it('the pod by the downward API, and the mesh', () => {
    const env =
      containerOf(injected(podWith({}, { terminationGracePeriodSeconds: 45 })).pod, 'smi-mesh-proxy').env ?? [];
    const field = (fieldPath: string) => ({ fieldRef: { fieldPath } });
    expect(Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]))).toEqual({
      POD_NAME: field('metadata.name'),
      POD_NAMESPACE: field('metadata.namespace'),
      POD_UID: field('metadata.uid'),
      POD_IPS: field('status.podIPs'),
      NODE_NAME: field('spec.nodeName'),
      SMI_MESH_CONTROL_PLANE: 'smi-mesh-controller.smi-mesh-system.svc',
      SMI_MESH_TRUST_DOMAIN: 'cluster.local',
      SMI_MESH_CLUSTER_DOMAIN: 'cluster.local',
      SMI_MESH_LOG_LEVEL: 'info',
      SMI_MESH_GRACE_SECONDS: '45',
      SMI_MESH_PROBES: '{}',
    });
  });

  it('who the pod is, by a token for the mesh alone and the roots of the mesh', () => {
    const { volumes } = injected(podWith({}, { volumes: [{ name: 'data', emptyDir: {} }] })).pod.spec;
    expect(volumes[0]).toEqual({ name: 'data', emptyDir: {} });
    expect(volumes[1]).toMatchObject({
      projected: {
        sources: [
          { serviceAccountToken: { audience: 'smi-mesh', expirationSeconds: 3_600, path: 'token' } },
          { configMap: { name: 'smi-mesh-trust-bundle', items: [{ path: 'trust-bundle.pem' }] } },
        ],
      },
    });
    expect(volumes[2]).toMatchObject({ emptyDir: { medium: 'Memory' } });
  });

  it('what not to redirect: what the mesh says and what the pod says', () => {
    const ranges = readRanges('10.1.0.0/16');
    const ports = readPorts('9090');
    if (!ranges.ok || !ports.ok) throw new Error('not read');
    const common = contextWith().settings.interception;
    const interception = {
      ...common,
      excludeInboundPorts: ports.value,
      excludeOutboundRanges: ranges.value,
      includeOutboundRanges: ranges.value,
    };
    const annotations = {
      [podAnnotations.excludeInboundPorts]: '80, 81',
      [podAnnotations.excludeOutboundRanges]: 'fd00::/8,192.0.2.1',
      [podAnnotations.includeOutboundRanges]: '10.0.0.0/8',
      [podAnnotations.excludeOutboundPorts]: '',
    };
    const { pod } = injected(podWith({}, {}, annotations), { settings: { interception } });
    expect(containerOf(pod, 'smi-mesh-init').command?.slice(4)).toEqual([
      ...['--exclude-inbound-ports', '9090,80,81'],
      ...['--exclude-outbound-ranges', '10.1.0.0/16,fd00::/8,192.0.2.1/32'],
      ...['--include-outbound-ranges', '10.0.0.0/8'],
    ]);
  });

  it('how much they may use', () => {
    const usual = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } };
    const resources = (annotations: Readonly<Record<string, string>>) =>
      containerOf(injected(podWith({}, {}, annotations)).pod, 'smi-mesh-proxy').resources;
    expect(resources({})).toEqual(usual);
    expect(resources({ [podAnnotations.cpuLimit]: '1' })).toEqual({ ...usual, limits: { cpu: '1', memory: '512Mi' } });
    expect(resources({ [podAnnotations.memoryLimit]: '64Mi' })).toEqual({
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { memory: '64Mi' },
    });
    expect(resources({ [podAnnotations.memoryRequest]: '1Gi' })).toEqual({
      requests: { cpu: '50m', memory: '1Gi' },
      limits: { memory: '1Gi' },
    });
  });
});

describe('which pods get none', () => {
  const labelled = (value: string) => ({ ...podWith(), metadata: { labels: { [injectLabel]: value } } });
  const namespace = (name: string, label?: string) => ({
    namespace: { name, labels: label === undefined ? {} : { [injectLabel]: label } },
  });

  it.each([
    ['a namespace without the label', podWith(), namespace('shop'), 'not-chosen'],
    ['a namespace that opts out', podWith(), namespace('shop', 'disabled'), 'opted-out'],
    ['a pod that opts out', labelled('disabled'), {}, 'opted-out'],
    ['a pod that opts in', labelled('enabled'), namespace('shop', 'disabled'), 'injected'],
    ['the cluster itself', labelled('enabled'), namespace('kube-system', 'enabled'), 'system-namespace'],
    ['the mesh itself', labelled('enabled'), namespace('smi-mesh-system', 'enabled'), 'system-namespace'],
    ['the network of the node', podWith({}, { hostNetwork: true }), {}, 'host-network'],
    ['Windows', podWith({}, { os: { name: 'windows' } }), {}, 'other-system'],
    ['a label of the pod that says neither', labelled('true'), {}, 'refused'],
    ['a label of the namespace that says neither', podWith(), namespace('shop', 'true'), 'not-chosen'],
  ] as const)('%s', (_what, pod, changes, expected) => {
    expect(outcome(pod, changes)).toBe(expected);
  });

  it('says so when the label of a namespace is not understood', () => {
    const injection = injectPod(podWith(), contextWith(namespace('shop', 'true')));
    expect(injection.kind === 'skipped' && injection.warnings.map(({ code }) => code)).toEqual(['SMI6203']);
  });

  it('one that has its sidecar already', () => {
    for (const settings of [{}, { nativeSidecars: 'off' }, { dataPlane: 'envoy' }, { cni: true }] as const) {
      const { pod } = injected(podWith(), { settings });
      expect(outcome(pod as unknown as Fields, { settings })).toBe('already-injected');
    }
  });

  it('the annotation alone does not pass for a sidecar', () => {
    expect(outcome(podWith({}, {}, { [podAnnotations.injected]: 'proxy' }))).toBe('injected');
  });
});

describe('pods that are refused', () => {
  it.each([
    [podAnnotations.dataPlane, 'nginx'],
    [podAnnotations.excludeInboundPorts, '0'],
    [podAnnotations.excludeOutboundPorts, '80;81'],
    [podAnnotations.excludeOutboundRanges, '10.0.0.0/33'],
    [podAnnotations.includeOutboundRanges, 'example.com'],
    [podAnnotations.excludeUids, 'root'],
    [podAnnotations.cpuRequest, 'lots'],
    [podAnnotations.memoryLimit, '-1Mi'],
    [podAnnotations.logLevel, 'loud'],
  ])('%s: %s', (annotation, value) => {
    const path = `metadata.annotations["${annotation}"]`;
    expect(faults(podWith({}, {}, { [annotation]: value }))).toEqual([['SMI6201', path]]);
  });

  it('a request above the limit', () => {
    const annotations = { [podAnnotations.cpuRequest]: '2', [podAnnotations.cpuLimit]: '1500m' };
    expect(faults(podWith({}, {}, annotations)).map(([code]) => code)).toEqual(['SMI6201']);
  });

  it.each([
    [
      'a port of the sidecar',
      podWith({ ports: [{ containerPort: 80 }, { containerPort: 15_006 }] }),
      'spec.containers[0].ports[1].containerPort',
    ],
    ['its user', podWith({ securityContext: { runAsUser: 15_000 } }), 'spec.containers[0].securityContext.runAsUser'],
    ['its group', podWith({}, { securityContext: { runAsGroup: 15_000 } }), 'spec.securityContext.runAsGroup'],
    ['its name', podWith({ name: 'smi-mesh-proxy' }), 'spec.containers[0].name'],
    ['its volume', podWith({}, { volumes: [{ name: 'smi-mesh-state' }] }), 'spec.volumes[0].name'],
  ])('with %s', (_what, pod, path) => {
    expect(faults(pod)).toEqual([['SMI6202', path]]);
  });

  it('not with the same number of another protocol', () => {
    expect(outcome(podWith({ ports: [{ containerPort: 15_006, protocol: 'UDP' }] }))).toBe('injected');
  });

  it('that are no pods', () => {
    expect(faults({ spec: {} })).toEqual([['SMI2002', 'spec.containers']]);
    expect(faults({ metadata: { annotations: { a: 1 } }, spec: { containers: 'web' } }).map(([code]) => code)).toEqual([
      'SMI2003',
      'SMI2003',
    ]);
  });
});

describe('what the pod says itself', () => {
  /** Applies operations that only add. */
  function patched(object: Fields, patch: Extract<Injection, { kind: 'injected' }>['patch']): unknown {
    const copy = structuredClone(object) as Record<string, unknown>;
    for (const { path, value } of patch) {
      const steps = path.split('/').slice(1);
      const last = steps.pop() ?? '';
      const parent = steps.reduce((at, step) => at[step] as Record<string, unknown>, copy);
      parent[last] = value;
    }
    return copy;
  }

  const field = fc.dictionary(fc.constantFrom('fsGroup', 'x', 'tolerations', 'dnsConfig'), fc.jsonValue());
  const container = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.string(),
    env: fc.jsonValue(),
    livenessProbe: fc.option(fc.record({ httpGet: fc.record({ port: fc.integer({ min: 1, max: 9999 }) }) }), {
      nil: undefined,
    }),
    extra: field,
  });
  const pods = fc.record({
    metadata: fc.record({ name: fc.string(), extra: field }),
    spec: fc.record(
      {
        containers: fc.array(container, { minLength: 1, maxLength: 3 }),
        initContainers: fc.array(container, { maxLength: 2 }),
        volumes: fc.array(fc.record({ name: fc.constantFrom('v', 'w'), extra: field })),
        securityContext: field,
        extra: field,
      },
      { requiredKeys: ['containers'] },
    ),
  });

  it('is never lost, and the patch says the same as the pod', () => {
    fc.assert(
      fc.property(pods, fc.constantFrom('on', 'off'), (pod, nativeSidecars) => {
        const before = structuredClone(pod);
        const result = injected(pod, { settings: { nativeSidecars } });
        expect(pod).toEqual(before);
        expect(JSON.stringify(patched(pod, result.patch))).toBe(
          JSON.stringify(patched(result.pod as unknown as Fields, [])),
        );
        const { containers, initContainers = [], volumes = [], ...others } = pod.spec;
        expect(result.pod.spec).toMatchObject(others);
        const without = ({ livenessProbe: _probe, ...rest }: Fields) => rest;
        const own = (list: readonly object[]) =>
          list.map((item) => item as Fields).filter(({ name }) => !String(name).startsWith('smi-mesh-'));
        expect(own(result.pod.spec.containers).map(without)).toEqual(containers.map(without));
        expect(own(result.pod.spec.initContainers).map(without)).toEqual(initContainers.map(without));
        expect(own(result.pod.spec.volumes)).toEqual(volumes);
      }),
      { numRuns: 60 },
    );
  });
});
