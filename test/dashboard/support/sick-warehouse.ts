import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const app = `import { createServer } from 'node:http';
createServer((request, response) => {
  request.resume();
  response.writeHead(request.url === '/healthz' ? 200 : 503, { 'content-length': 0 }).end();
}).listen(Number(process.env.PORT), process.env.HOST);
`;

const manifests = `apiVersion: apps/v1
kind: Deployment
metadata: { name: sick }
spec:
  replicas: 1
  selector: { matchLabels: { app: bookwarehouse, state: sick } }
  template:
    metadata: { labels: { app: bookwarehouse, state: sick } }
    spec:
      serviceAccountName: bookwarehouse
      containers:
        - name: sick
          image: smi-mesh-bookstore:latest
          command: [node, apps/sick.mjs]
          ports: [{ name: http, containerPort: 14001 }]
          readinessProbe: { httpGet: { path: /healthz, port: http }, periodSeconds: 1 }
---
apiVersion: policy.smi-mesh.io/v1alpha1
kind: TrafficPolicy
metadata: { name: warehouse }
spec:
  targetRefs: [{ kind: Service, name: bookwarehouse }]
  outlierDetection:
    consecutiveFailures: 5
    interval: 1s
    ejection: { time: 10m, maxTime: 10m, maxPercent: 50 }
`;

/**
 * Adds a pod to the warehouse of a bookstore that fails every order, and a policy by which it is ejected. Both bookstores call it: version 1
 * with our proxy, version 2 with an Envoy.
 */
export function addSickWarehouse(folder: string): void {
  writeFileSync(join(folder, 'apps/sick.mjs'), app);
  writeFileSync(join(folder, 'sick.yaml'), manifests);
  replace(join(folder, 'traffic-split.yaml'), /weight: \d+/g, 'weight: 50');
  const labels = /( +)labels: { app: bookstore, version: v2 }\n(?= +spec:)/;
  replace(join(folder, 'bookstore.yaml'), labels, '$&$1annotations: { smi-mesh.io/data-plane: envoy }\n');
}

function replace(file: string, what: RegExp, by: string): void {
  const text = readFileSync(file, 'utf8');
  const edited = text.replace(what, by);
  if (edited === text) throw new Error(`${file} has no ${what}`);
  writeFileSync(file, edited);
}
