import { toolsImage } from '../../lab/images.ts';

/** A Deployment that asks for as little as pods of tests need, with a ServiceAccount of its own unless told otherwise. */
export function deployment(options: {
  readonly name: string;
  readonly namespace?: string;
  readonly account?: string;
  readonly command: readonly string[];
  readonly port?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The label `app` of its pods; the name unless told otherwise. */
  readonly app?: string;
  /** The only node that they may run on. */
  readonly node?: string;
}): unknown {
  const { name, namespace = 'default', account, command, port, environment = {}, annotations = {} } = options;
  const labels = { app: options.app ?? name, deployment: name };
  const placed = options.node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': options.node } };
  const probe = port === undefined ? {} : { readinessProbe: { httpGet: { path: '/', port }, periodSeconds: 1 } };
  const container = {
    name,
    image: toolsImage,
    command,
    env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
    ...(port === undefined ? {} : { ports: [{ name: 'http', containerPort: port }] }),
    ...probe,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: { serviceAccountName: account, terminationGracePeriodSeconds: 5, containers: [container], ...placed },
      },
    },
  };
}

export function service(name: string, namespace: string, port: number, spec: Readonly<Record<string, unknown>> = {}) {
  const ports = [{ name: 'http', port, targetPort: port }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports, ...spec },
  };
}

/** A client of 200 requests a second that never repeats one; read by `reportOf`. */
export function loadClient(name: string, account: string, urls: readonly string[], rate = 200): unknown {
  return deployment({
    name,
    account,
    command: ['node', 'load.mjs'],
    environment: { URLS: urls.join(','), RATE: String(rate) },
  });
}

export const list = (...items: readonly unknown[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
