import type { ApiClient } from './client.ts';

export interface TestPod {
  readonly name: string;
  readonly ip: string;
  readonly app?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Without one: no sidecar. */
  readonly injected?: 'proxy' | 'envoy';
}

/** Creates an object; one that is there already is an error. */
export async function make(client: ApiClient, path: string, object: object): Promise<void> {
  const { status, body } = await client.post(path, object);
  if (status !== 201) throw new Error(`${path}: ${body.message}`);
}

/** A pod as a kubelet would report it: it runs, it is ready, and it has an address. */
export async function runPod(client: ApiClient, pod: TestPod): Promise<void> {
  const { name, ip, app = name, namespace = 'default', labels = {}, injected } = pod;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await make(client, path, {
    metadata: {
      name,
      labels: { app, ...labels },
      ...(injected === undefined ? {} : { annotations: { 'smi-mesh.io/injected': injected } }),
    },
    spec: {
      serviceAccountName: app,
      containers: [{ name: 'main', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] }],
    },
  });
  const status = {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  const patched = await client.patch(`${path}/${name}/status`, { status });
  if (patched.status !== 200) throw new Error(`${path}/${name}/status: ${patched.body.message}`);
}

/** A Service of the pods of an app, and their account. */
export async function makeService(client: ApiClient, name: string, app = name): Promise<void> {
  const spec = { selector: { app }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  await make(client, '/api/v1/namespaces/default/services', { metadata: { name }, spec });
}

export async function makeAccount(client: ApiClient, name: string): Promise<void> {
  await make(client, '/api/v1/namespaces/default/serviceaccounts', { metadata: { name } });
}
