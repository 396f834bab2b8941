import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { injectLabel, podAnnotations } from '../../../src/kubernetes/names.ts';
import type { Fields } from '../../../src/lib/values.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type ApiAnswer, adminOf } from '../support/client.ts';
import { type InjectionWebhook, startInjectionWebhook } from '../support/injection-webhook.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster();
const admin = adminOf(cluster);

const variants = {
  native: {},
  ordinary: { nativeSidecars: 'off' },
  'native-envoy': { dataPlane: 'envoy' },
  'ordinary-envoy': { dataPlane: 'envoy', nativeSidecars: 'off' },
  cni: { cni: true },
  'ordinary-cni-envoy': { cni: true, dataPlane: 'envoy', nativeSidecars: 'off' },
} as const;
type Variant = keyof typeof variants;
const levels = ['privileged', 'baseline', 'restricted'] as const;
type Level = (typeof levels)[number];

let webhook: InjectionWebhook;

beforeAll(async () => {
  webhook = await startInjectionWebhook(variants);
  const made = [
    await admin.post('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', webhook.configuration),
  ];
  for (const variant of Object.keys(variants)) {
    for (const level of levels) {
      const labels = { [injectLabel]: 'enabled', variant, 'pod-security.kubernetes.io/enforce': level };
      made.push(await admin.post('/api/v1/namespaces', { metadata: { name: `${variant}-${level}`, labels } }));
    }
  }
  expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
  // The apiserver takes a moment to hear of a configuration.
  let seen: readonly ApiAnswer[] = [];
  await until(
    async () => {
      seen = await Promise.all((Object.keys(variants) as Variant[]).map((each) => create(each, 'privileged', pod())));
      return seen.every(({ body }) => body.metadata?.annotations !== undefined);
    },
    60_000,
    () => `every webhook is asked: ${seen.map(({ status, body }) => `${status} ${body.message ?? ''}`).join(', ')}`,
  );
});
afterAll(() => webhook.close());

/** Nothing is stored, and everything is checked. */
function create(variant: Variant, level: Level, object: Fields): Promise<ApiAnswer> {
  return admin.post(`/api/v1/namespaces/${variant}-${level}/pods?dryRun=All&fieldValidation=Strict`, object);
}

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

function pod(container: Fields = {}, spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...metadata },
    spec: {
      serviceAccountName: 'default',
      containers: [{ name: 'web', image: 'web', securityContext: restricted, ...container }],
      ...spec,
    },
  };
}

const ports = [{ name: 'http', containerPort: 8_080 }];
const httpGet = { path: '/', port: 'http', scheme: 'HTTPS', httpHeaders: [{ name: 'X-A', value: '1' }] };
const everything = Object.fromEntries(Object.entries(podAnnotations).map(([name, key]) => [name, key])) as Record<
  keyof typeof podAnnotations,
  string
>;

/** Pods as people write them. */
const shapes: Readonly<Record<string, Fields>> = {
  'a plain one': pod(),
  'one without a name': pod({}, {}, { name: '', generateName: 'web-' }),
  'probes of every sort': pod({
    ports,
    livenessProbe: { httpGet, timeoutSeconds: 3, terminationGracePeriodSeconds: 5 },
    readinessProbe: { tcpSocket: { port: 'http' }, successThreshold: 2 },
    startupProbe: { grpc: { port: 9_000 }, failureThreshold: 30 },
    lifecycle: { preStop: { httpGet: { path: '/stop', port: 8_080 } }, postStart: { exec: { command: ['true'] } } },
  }),
  'init containers and a sidecar of its own': pod(
    {},
    {
      initContainers: [
        { name: 'migrate', image: 'migrate', securityContext: restricted },
        {
          name: 'cache',
          image: 'cache',
          securityContext: restricted,
          restartPolicy: 'Always',
          startupProbe: { tcpSocket: { port: 6_379 } },
        },
      ],
    },
  ),
  'volumes and groups': pod(
    { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    {
      volumes: [{ name: 'data', emptyDir: {} }],
      securityContext: { fsGroup: 2_000, supplementalGroups: [3_000], runAsUser: 1_000, runAsNonRoot: true },
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
    },
  ),
  'one of a Job': pod({}, { restartPolicy: 'Never', activeDeadlineSeconds: 60 }),
  'one that ends on failure alone': pod({}, { restartPolicy: 'OnFailure' }),
  'one with resources': pod({ resources: { requests: { cpu: '1' }, limits: { cpu: '1', memory: '1Gi' } } }),
  'one for Linux with a host name': pod(
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] },
    {
      os: { name: 'linux' },
      hostname: 'web',
      subdomain: 'shop',
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['10.0.0.1'] },
    },
  ),
  'every annotation': pod(
    {},
    {},
    {
      annotations: {
        [everything.excludeInboundPorts]: '22,80',
        [everything.excludeOutboundPorts]: '25',
        [everything.excludeOutboundRanges]: '10.0.0.0/8,fd00::/8',
        [everything.includeOutboundRanges]: '0.0.0.0/0',
        [everything.excludeUids]: '1,2',
        [everything.cpuRequest]: '10m',
        [everything.cpuLimit]: '2',
        [everything.memoryRequest]: '64Mi',
        [everything.memoryLimit]: '64Mi',
        [everything.logLevel]: 'debug',
      },
    },
  ),
};

interface Accepted {
  readonly containers: readonly Fields[];
  readonly initContainers: readonly Fields[];
}

describe.each(Object.keys(variants) as Variant[])('%s', (variant) => {
  const cni = 'cni' in variants[variant];

  test.each(Object.entries(shapes))('the apiserver takes %s', async (_what, object) => {
    const { status, body } = await create(variant, cni ? 'restricted' : 'privileged', object);
    expect([status, body.message]).toEqual([201, undefined]);
    const { containers, initContainers } = body.spec as Accepted;
    const names = [...containers, ...initContainers].map(({ name }) => name);
    const envoy = variant.includes('envoy');
    expect(names).toEqual(
      expect.arrayContaining([
        'web',
        'smi-mesh-init',
        ...(envoy ? ['smi-mesh-agent', 'smi-mesh-envoy'] : ['smi-mesh-proxy']),
      ]),
    );
  });

  test.each(levels)('in a namespace whose Pod Security is %s', async (level) => {
    const { status, body } = await create(variant, level, pod());
    if (cni || level === 'privileged') expect([status, body.message]).toEqual([201, undefined]);
    else {
      expect(status).toBe(403);
      expect(body.message).toContain('container "smi-mesh-init" must not include "NET_ADMIN", "NET_RAW"');
    }
  });
});

test('a wrong annotation is refused with code and field', async () => {
  const object = pod({}, {}, { annotations: { [podAnnotations.excludeOutboundPorts]: 'postgres' } });
  const { status, body } = await create('native', 'privileged', object);
  expect(status).toBe(422);
  expect(body.message).toContain('SMI6201 metadata.annotations["smi-mesh.io/exclude-outbound-ports"]');
});

test('a pod that its sidecar would keep from ending comes with a warning', async () => {
  const { status, warnings } = await create('ordinary', 'privileged', pod({}, { restartPolicy: 'Never' }));
  expect([status, warnings.map((warning) => warning.slice(0, 7))]).toEqual([201, ['SMI6204']]);
});

test('a pod that opts out, and one of the network of its node, stay as they are', async () => {
  for (const object of [pod({}, {}, { labels: { [injectLabel]: 'disabled' } }), pod({}, { hostNetwork: true })]) {
    const { status, body } = await create('native', 'privileged', object);
    expect([status, (body.spec as Accepted).containers.length, (body.spec as Accepted).initContainers]).toEqual([
      ...[201, 1],
      undefined,
    ]);
  }
});

test('what was injected and asked about once more stays', async () => {
  const first = await create('native', 'privileged', pod());
  const { metadata, spec } = first.body as { readonly metadata: Fields; readonly spec: Fields };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', annotations: metadata.annotations }, spec };
  const second = await create('native', 'privileged', object);
  expect([second.status, second.body.spec]).toEqual([201, spec]);
});
