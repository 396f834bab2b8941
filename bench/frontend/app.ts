/** The application itself, its two versions, and its database. */
export const servicesPerApp = 4;

type AppDocuments = Readonly<Record<'workloads' | 'traffic' | 'access', string[]>>;

/**
 * About `count` documents of one application, by file. Application N calls application N - 1; what is left of the count is
 * filled with further access rules, and with objects that are not SMI's concern.
 */
export function appDocuments(
  index: number,
  apps: number,
  namespaceOf: (app: number) => string,
  count: number,
): AppDocuments {
  const namespace = namespaceOf(index);
  const app = `app-${index}`;
  const caller = (index + 1) % apps;
  const documents: AppDocuments = {
    workloads: [
      service(namespace, app, app, 8080, 'http'),
      ...['v1', 'v2'].flatMap((version) => workload(namespace, app, version, 8080, 'http')),
      ...workload(namespace, app, 'db', 5432, 'tcp'),
    ],
    traffic: [
      routeGroup(namespace, app),
      canary(namespace, app),
      databaseRoute(namespace, app),
      abTest(namespace, app),
    ],
    access: ['v1', 'v2'].flatMap((version) => [
      access(namespace, app, version, `${app}-${version}-callers`, {
        from: [`app-${caller}-v1`, `app-${caller}-v2`],
        namespace: namespaceOf(caller),
      }),
      databaseAccess(namespace, app, version),
    ]),
  };
  const missing = count - documents.workloads.length - documents.traffic.length - documents.access.length;
  for (let extra = 0; extra < missing; extra += 1) {
    const other = (index + 2 + extra) % apps;
    const name = `${app}-extra-${extra}`;
    if (extra % 2 === 0) {
      const from = { from: [`app-${other}-v1`], namespace: namespaceOf(other) };
      documents.access.push(access(namespace, app, extra % 4 === 0 ? 'v1' : 'v2', name, from));
    } else documents.workloads.push(extra % 4 === 1 ? configMap(namespace, name) : pod(namespace, app, 'v1', extra));
  }
  return documents;
}

function workload(namespace: string, app: string, version: string, port: number, protocol: 'http' | 'tcp'): string[] {
  const name = `${app}-${version}`;
  const tier = protocol === 'http' ? 'web' : 'data';
  return [
    service(namespace, name, app, port, protocol, version),
    `apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${name}
  namespace: ${namespace}
`,
    `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: { app: ${app}, version: ${version}, tier: ${tier}, app.kubernetes.io/part-of: shop }
spec:
  replicas: 2
  selector:
    matchLabels: { app: ${app}, version: ${version} }
  template:
    metadata:
      labels: { app: ${app}, version: ${version}, tier: ${tier} }
    spec:
      serviceAccountName: ${name}
      containers:
        - name: main
          image: "registry.example.com/shop/${app}:1.4.2"
          args: ["--listen", ":${port}", "--log-level=info"]
          ports:
            - name: main
              containerPort: ${port}
          env:
            - name: DATABASE_URL
              value: postgres://${app}-db:5432/orders
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 256Mi }
          readinessProbe:
            httpGet: { path: /healthz, port: main }
            periodSeconds: 5
`,
  ];
}

function service(
  namespace: string,
  name: string,
  app: string,
  port: number,
  protocol: 'http' | 'tcp',
  version?: string,
): string {
  const selector = version === undefined ? `{ app: ${app}, tier: web }` : `{ app: ${app}, version: ${version} }`;
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  selector: ${selector}
  ports:
    - name: ${protocol}-main
      port: ${port}
      targetPort: main
      protocol: TCP
`;
}

function pod(namespace: string, app: string, version: string, ordinal: number): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${app}-${version}-manual-${ordinal}
  namespace: ${namespace}
  labels: { app: ${app}, version: ${version}, tier: web, started-by: hand }
spec:
  serviceAccountName: ${app}-${version}
  containers:
    - name: main
      image: "registry.example.com/shop/${app}:1.4.2"
      ports: [{ name: main, containerPort: 8080 }]
status:
  phase: Running
  podIP: 10.${ordinal % 200}.${app.length}.${ordinal % 250}
  conditions: [{ type: Ready, status: "True" }]
`;
}

function configMap(namespace: string, name: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: ${namespace} }
data:
  settings.properties: |
    timeout=5s
    retries=3
  feature-x: "on"
`;
}

function routeGroup(namespace: string, app: string): string {
  return `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata:
  name: ${app}-routes
  namespace: ${namespace}
spec:
  matches:
    - name: read-orders
      pathRegex: "/orders(/.*)?"
      methods: [GET, HEAD]
    - name: write-orders
      pathRegex: /orders$
      methods: [POST]
    - name: item # one of an order
      pathRegex: "/items/[a-z0-9-]{1,64}"
      methods: ["*"]
    - name: testers
      headers:
        x-group: "beta|internal-.*"
`;
}

function canary(namespace: string, app: string): string {
  return `apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata:
  name: ${app}-canary
  namespace: ${namespace}
spec:
  service: ${app}
  backends:
    # moved by hand, five percent a day
    - service: ${app}-v1
      weight: 95
    - service: ${app}-v2
      weight: 5
`;
}

function abTest(namespace: string, app: string): string {
  return `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: ${app}-testers, namespace: ${namespace} }
spec:
  service: ${app}
  matches:
    - { kind: HTTPRouteGroup, name: ${app}-routes }
  backends:
    - { service: ${app}-v2, weight: 1 }
`;
}

function databaseRoute(namespace: string, app: string): string {
  return `apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: ${app}-postgres, namespace: ${namespace} }
spec:
  matches:
    ports: [5432]
`;
}

interface Callers {
  readonly from: readonly string[];
  readonly namespace: string;
}

function access(namespace: string, app: string, version: string, name: string, callers: Callers): string {
  const sources = callers.from.map(
    (account) => `    - kind: ServiceAccount\n      name: ${account}\n      namespace: ${callers.namespace}\n`,
  );
  return `apiVersion: access.smi-spec.io/v1alpha4
kind: TrafficTarget
metadata:
  name: ${name}
  namespace: ${namespace}
  annotations:
    owner: "${namespace}@example.com"
spec:
  destination:
    kind: ServiceAccount
    name: ${app}-${version}
    namespace: ${namespace}
  rules:
    - kind: HTTPRouteGroup
      name: ${app}-routes
      matches:
        - read-orders
        - item
  sources:
${sources.join('')}`;
}

function databaseAccess(namespace: string, app: string, version: string): string {
  return `apiVersion: access.smi-spec.io/v1alpha2
kind: TrafficTarget
metadata: { name: ${app}-${version}-database, namespace: ${namespace} }
spec:
  destination: { kind: ServiceAccount, name: ${app}-db, namespace: ${namespace} }
  rules:
    - { kind: TCPRoute, name: ${app}-postgres }
  sources:
    - { kind: ServiceAccount, name: ${app}-${version}, namespace: ${namespace} }
`;
}
