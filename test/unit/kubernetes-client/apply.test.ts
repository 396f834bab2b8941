import { expect, test } from 'vitest';
import { applyTo } from '../../../src/kubernetes-client/apply.ts';
import { readSourceText } from '../../../src/source/read.ts';

const cluster = readSourceText(
  'cluster.yaml',
  `
apiVersion: v1
kind: Service
metadata: { name: web, creationTimestamp: '2024-01-01T00:00:00Z', labels: { a: b } }
spec: { clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], selector: { app: old }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 1 }
status: { readyReplicas: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: other }
`,
);

const files = readSourceText(
  'files.yaml',
  `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: new }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 2 }
---
apiVersion: v1
kind: Service
metadata: { name: fresh }
`,
);

const applied = applyTo(cluster, files);
const objects = Object.fromEntries(applied.documents.map(({ key, object }) => [key, object]));

test('objects of the files replace those of the same name, and the others stay', () => {
  expect(Object.keys(objects).toSorted()).toEqual([
    'apps/Deployment/default/web',
    'core/Service/default/fresh',
    'core/Service/default/other',
    'core/Service/default/web',
  ]);
  expect(objects['apps/Deployment/default/web']).toMatchObject({ spec: { replicas: 2 } });
});

test('what only the cluster sets is kept, and nothing else of the old object', () => {
  expect(objects['core/Service/default/web']).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', creationTimestamp: '2024-01-01T00:00:00Z' },
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], selector: { app: 'new' }, ports: [{ port: 80 }] },
  });
  expect(objects['apps/Deployment/default/web']).toMatchObject({ status: { readyReplicas: 1 } });
});

test('an object is looked up where it came from', () => {
  const fileOf = (key: string) => {
    const document = applied.documents.find((each) => each.key === key);
    return document && applied.locate({ object: document.key, path: '' })?.file;
  };
  expect(fileOf('core/Service/default/web')).toBe('files.yaml');
  expect(fileOf('core/Service/default/other')).toBe('cluster.yaml');
});
