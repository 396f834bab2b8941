import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterceptedMesh, meshOf } from './support/intercepted-mesh.ts';
import { cannotIntercept } from './support/network.ts';

const lacks = cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const identity = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;
const seenBy = (server: string, caller: string) => `By=${identity(server)};URI=${identity(caller)}`;
const stacks = ['-4', '-6'] as const;
/** Beyond the node. */
const outside = { '-4': '192.0.2.10', '-6': '2001:db8::10' } as const;

let mesh: InterceptedMesh;

const json = async (name: string, ...args: readonly string[]) => {
  const { stdout, stderr } = await mesh.curl(name, ...args);
  return stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : `${stdout}${stderr}`.trim();
};

/** HTTP status and exit code of curl. */
const status = async (name: string, ...args: readonly string[]) =>
  (await mesh.curl(name, '--output', '/dev/null', '--write-out', '%{http_code} %{exitcode}', ...args)).stdout;

/** Refused, or ended without an answer. */
const closed = /^000 (?:7|35|52|56)$/;

/** What a server at a port of bytes says to `text`. */
const talk = (name: string, stack: string, host: string, port: number, text: string) => {
  const family = stack === '-4' ? 'AF_INET' : 'AF_INET6';
  const program = `
import socket, sys
host, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
address = socket.getaddrinfo(host, port, socket.${family}, socket.SOCK_STREAM)[0][4]
s = socket.create_connection(address[:2], timeout=20)
if text:
    s.sendall(text)
    s.shutdown(socket.SHUT_WR)
data = b""
try:
    while True:
        piece = s.recv(65536)
        if not piece: break
        data += piece
except ConnectionResetError:
    data += b"RESET"
print(data.decode())
`;
  return mesh
    .pod(name)
    .run(0, ['python3', '-c', program, host, `${port}`, text])
    .then(({ stdout, stderr }) => `${stdout}${stderr}`.trim());
};

describe.skipIf(lacks !== undefined)(`pods whose connections are redirected (${lacks ?? 'both stacks'})`, () => {
  beforeAll(async () => {
    const name = { 'outside.test': Object.values(outside), 'kubernetes.default': ['10.96.0.1'] };
    mesh = await InterceptedMesh.start(meshOf(file('interception/mesh.yaml')), name);
    await mesh.network.node.setUp(`
      for address in ${outside['-4']}/32 10.96.0.1/32; do ip address add $address dev lo; done
      ip address add ${outside['-6']}/128 dev lo nodad
    `);
    await Promise.all(['web-0', 'web-1', 'plain'].map((pod) => mesh.serve(pod)));
    await mesh.serveOutside('outside', [8080, 9000, 3306, 8443, 443]);
  }, 120_000);

  afterAll(() => mesh?.close());

  describe.each(stacks)('by %s', (stack) => {
    it('a Service is reached by its address, and its program sees who calls', async () => {
      const seen = await json('client', stack, 'http://web.default/books/1');
      expect(seen).toMatchObject({ url: '/books/1', host: 'web.default', peer: seenBy('web', 'client') });
      // Whatever the request says, the address means the Service.
      expect(await json('client', stack, '-H', 'Host: shop.example', 'http://web.default/books/2')).toMatchObject({
        host: 'shop.example',
        peer: seenBy('web', 'client'),
      });
    });

    it('what nobody allows is refused', async () => {
      expect(await status('client', stack, 'http://web.default/admin')).toBe('403 0');
      expect(await status('thief', stack, 'http://web.default/books')).toBe('403 0');
      expect(await talk('thief', stack, 'web.default', 9000, 'hello')).not.toContain('web-');
      expect(await talk('thief', stack, 'web.default', 3306, '')).not.toContain('web-');
    });

    it('bytes go both ways, whoever speaks first, and by TLS of the programs themselves', async () => {
      expect(await talk('client', stack, 'web.default', 9000, 'hello')).toMatch(/^web-[01] hello$/);
      expect(await talk('client', stack, 'web.default', 3306, '')).toMatch(/^web-[01] speaks first$/);
      expect(await json('client', stack, '--insecure', 'https://web.default/anything')).toMatchObject({
        url: '/anything',
      });
      // A Service of TCP at a port number that others have for HTTP.
      expect(await talk('client', stack, 'bytes.default', 80, 'hello')).toMatch(/^web-[01] hello$/);
    });

    it('a pod behind a headless Service is that very pod, and its identity is proven', async () => {
      for (const name of ['web-0', 'web-1']) {
        const host = mesh.address(name, stack);
        expect(await json('client', stack, `http://${host}:8080/books`)).toMatchObject({
          name,
          peer: seenBy('web', 'client'),
        });
        expect(await status('client', stack, `http://${host}:8080/admin`)).toBe('403 0');
        expect(await talk('client', stack, host.replace(/[[\]]/g, ''), 9000, 'hello')).toBe(`${name} hello`);
      }
    });

    it('any other port of a pod with a sidecar is reached by its proof, too', async () => {
      const host = mesh.address('web-1', stack).replace(/[[\]]/g, '');
      expect(await talk('client', stack, host, 3306, '')).toBe('web-1 speaks first');
      expect(await talk('thief', stack, host, 3306, '')).not.toContain('web-');
    });

    it('a pod without a sidecar is reached in plain text, and reaches what is open to it', async () => {
      expect(await json('client', stack, 'http://plain.default/any')).toMatchObject({ name: 'plain', url: '/any' });
      expect(await talk('client', stack, 'plain.default', 3306, '')).toBe('plain speaks first');
      const host = mesh.address('web-0', stack);
      expect(await json('plain', stack, `http://${host}:8081/any`)).toMatchObject({ name: 'web-0', url: '/any' });
      expect(await status('plain', stack, `http://${host}:8080/books`)).toMatch(closed);
      const bare = host.replace(/[[\]]/g, '');
      const line = `refused inbound connection from=.* to=${bare} port 8080 reason=plain-text`;
      await mesh.sidecar('web-0').logged(new RegExp(line));
    });

    it('what is outside is reached as it is', async () => {
      const host = stack === '-4' ? outside[stack] : `[${outside[stack]}]`;
      expect(await json('client', stack, 'http://outside.test:8080/a')).toMatchObject({ name: 'outside' });
      expect(await json('client', stack, `http://${host}:8080/a`)).toMatchObject({ name: 'outside' });
      expect(await json('client', stack, '--insecure', `https://${host}:8443/a`)).toMatchObject({ name: 'outside' });
      expect(await talk('client', stack, outside[stack], 3306, '')).toBe('outside speaks first');
      expect(await talk('client', stack, outside[stack], 9000, 'x')).toBe('outside x');
    });

    it('what is not there is refused as without a sidecar', async () => {
      const host = stack === '-4' ? outside[stack] : `[${outside[stack]}]`;
      expect(await status('client', stack, `http://${host}:1/`)).toMatch(closed);
    });

    it('a port that no container declares is refused, with a line in the log', async () => {
      const host = mesh.address('web-0', stack);
      expect(await status('plain', stack, `http://${host}:8082/`)).toMatch(closed);
      expect(await status('client', stack, `http://${host}:8082/`)).toMatch(closed);
      const bare = host.replace(/[[\]]/g, '');
      await mesh
        .sidecar('web-0')
        .logged(new RegExp(`refused inbound connection .*to=${bare} port 8082 reason=undeclared-port`));
    });

    it('a pod reaches itself, by its Service and by its address', async () => {
      const host = mesh.address('web-0', stack);
      expect(await json('web-0', stack, `http://${host}:8080/admin`)).toMatchObject({ name: 'web-0' });
      const names = new Set<unknown>();
      // The other one is chosen once what is remembered of a slow first answer has faded (`latencyDecayMillis`).
      for (const deadline = Date.now() + 100_000; names.size < 2 && Date.now() < deadline; ) {
        const asked = Array.from({ length: 4 }, () => json('web-0', stack, 'http://web.default/books'));
        for (const seen of await Promise.all(asked)) {
          expect(seen).toMatchObject({ peer: seenBy('web', 'web') });
          names.add((seen as Record<string, unknown>).name);
        }
      }
      expect([...names].sort()).toEqual(['web-0', 'web-1']);
      expect(await status('web-0', stack, 'http://web.default/admin')).toBe('403 0');
    }, 120_000);

    it('ports of the sidecar lead nowhere but for its metrics', async () => {
      const host = mesh.address('web-0', stack);
      expect((await mesh.curl('plain', stack, `http://${host}:15020/metrics`)).stdout).toContain('smi_requests_total');
      expect(await status('plain', stack, `http://${host}:15020/config`)).toBe('404 0');
      for (const port of [15_000, 15_001, 15_006]) {
        expect(await status('plain', stack, `http://${host}:${port}/`)).toMatch(/^000 /);
        expect(await status('web-0', stack, `http://${host}:${port}/`)).toMatch(/^000 /);
      }
      expect(await status('web-0', 'http://127.0.0.1:15001/')).toMatch(closed);
    });
  });

  it('a Service whose endpoints are no pods is reached at its address', async () => {
    expect(await json('client', '--insecure', 'https://kubernetes.default/version')).toMatchObject({ name: 'outside' });
  });

  it('large bodies come whole', async () => {
    const upload = await mesh.run(
      'client',
      'sh',
      '-c',
      'head -c 50000000 /dev/zero | curl -s -T - http://web.default/books',
    );
    expect(JSON.parse(upload.stdout)).toMatchObject({ octets: 50_000_000 });
    const download = await mesh.curl(
      'client',
      '-H',
      'x-size: 50000000',
      '-o',
      '/dev/null',
      '-w',
      '%{size_download}',
      'http://web.default/books',
    );
    expect(download.stdout).toBe('50000000');
  });
});
