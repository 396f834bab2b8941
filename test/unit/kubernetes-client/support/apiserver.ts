import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeApiserver {
  /** A file with the one context `fake`. */
  readonly kubeconfig: string;
  /** Paths with queries, in the order of the requests. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Answers with JSON, or does with the response what it likes. */
export type Answer = (path: string, response: ServerResponse) => unknown;

/** Something on the loopback interface that speaks as an apiserver would; `undefined` is a 404. */
export async function fakeApiserver(answer: Answer): Promise<FakeApiserver> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const body = answer(path, response);
    if (body === response) return;
    if (body === undefined) response.statusCode = 404;
    response.end(JSON.stringify(body ?? { message: 'there is no such thing' }));
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-apiserver-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${port}`));
  return {
    kubeconfig,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function kubeconfigText(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: { token: 'secret' } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  });
}
