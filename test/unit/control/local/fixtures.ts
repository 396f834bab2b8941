import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectKey } from '../../../../src/diagnostics/origin.ts';
import type { ContainerObject, DeploymentObject, ServiceObject } from '../../../../src/kubernetes/types.ts';

export function container(changes: Partial<ContainerObject> = {}): ContainerObject {
  return {
    name: 'main',
    command: ['node', 'server.mjs'],
    args: [],
    env: [],
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    ...changes,
  };
}

interface DeploymentChanges {
  readonly namespace?: string;
  readonly replicas?: number;
  readonly containers?: readonly ContainerObject[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Deployment whose pods carry the label `app: NAME`. */
export function deployment(name: string, changes: DeploymentChanges = {}): DeploymentObject {
  const { namespace = 'default', replicas = 1, containers = [container()], annotations = {} } = changes;
  return {
    meta: {
      key: objectKey('apps', 'Deployment', namespace, name),
      namespace,
      name,
      labels: {},
      annotations: {},
      owners: [],
    },
    replicas,
    template: { labels: { app: name }, annotations, spec: { serviceAccountName: name, containers } },
  };
}

/** A Service of the pods with the label `app: NAME`. */
export function service(name: string, port: number, namespace = 'default'): ServiceObject {
  return {
    meta: {
      key: objectKey('', 'Service', namespace, name),
      namespace,
      name,
      labels: {},
      annotations: {},
      owners: [],
    },
    type: 'ClusterIP',
    clusterIPs: [],
    selector: { app: name },
    ports: [{ name: 'http-main', port, protocol: 'TCP', targetPort: 'http' }],
  };
}

/** A folder of the test's own, removed at its end. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'smi-local-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
