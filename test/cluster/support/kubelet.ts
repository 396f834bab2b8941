import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { WebSocketServer } from 'ws';
import { createWebhookAuthority, issueServingCertificate } from '../../../src/webhooks/certificates/issue.ts';
import type { ApiClient } from './client.ts';
import { make } from './workloads.ts';

/** A node whose kubelet does nothing but forward ports: those of a pod are ports of this machine. */
export interface ForwardingNode {
  /** A pod that is ready, whose ports are others here. */
  run(pod: ForwardedPod): Promise<void>;
  close(): Promise<void>;
}

export interface ForwardedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<number, number>>;
}

const hour = 3_600_000;

export async function startForwardingNode(client: ApiClient, node: string): Promise<ForwardingNode> {
  const pods = new Map<string, ForwardedPod>();
  const { certificateChain: cert, privateKey: key } = await issueServingCertificate(
    await createWebhookAuthority(Date.now(), hour),
    ['127.0.0.1'],
    Date.now(),
    hour,
  );
  const server = createServer({ cert, key });
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'v4.channel.k8s.io' });
  sockets.on('connection', (socket, { url = '' }) => {
    const { pathname, searchParams } = new URL(url, 'https://kubelet');
    const port = Number(searchParams.get('port') ?? searchParams.get('ports'));
    const [, , namespace, name] = pathname.split('/');
    const target = pods.get(`${namespace}/${name}`)?.ports[port];
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    for (const channel of [0, 1]) socket.send(Buffer.concat([Buffer.from([channel]), number]));
    if (target === undefined) return socket.send(Buffer.from('\u0001no such port'));
    const stream = connect(target, '127.0.0.1');
    stream.on('data', (data) => socket.send(Buffer.concat([Buffer.from([0]), data])));
    stream.on('error', (error) => socket.send(Buffer.from(`\u0001${error.message}`)));
    stream.on('close', () => socket.close());
    socket.on('message', (data: Buffer) => stream.write(data.subarray(1)));
    socket.on('close', () => stream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await make(client, '/api/v1/nodes', { metadata: { name: node } });
  await client.patch(`/api/v1/nodes/${node}/status`, {
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: (server.address() as AddressInfo).port } },
    },
  });
  return {
    run: async (pod) => {
      pods.set(`${pod.namespace}/${pod.name}`, pod);
      const path = `/api/v1/namespaces/${pod.namespace}/pods`;
      await make(client, path, {
        metadata: { name: pod.name, labels: pod.labels },
        spec: { nodeName: node, containers: [{ name: 'main', image: 'x' }] },
      });
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      await client.patch(`${path}/${pod.name}/status`, { status });
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
