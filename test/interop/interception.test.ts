import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterceptedMesh, meshOf } from './support/intercepted-mesh.ts';
import { cannotIntercept } from './support/network.ts';

const lacks = cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

const manifest = fileURLToPath(new URL('interception/mesh.yaml', import.meta.url));
const client = 'spiffe://cluster.local/ns/default/sa/client';

describe.skipIf(lacks !== undefined)(`pods whose connections are redirected (${lacks ?? 'both stacks'})`, () => {
  let mesh: InterceptedMesh;

  beforeAll(async () => {
    mesh = await InterceptedMesh.start(meshOf(manifest));
    await Promise.all(['web-0', 'web-1', 'plain'].map((name) => mesh.serve(name)));
  }, 120_000);

  afterAll(() => mesh?.close());

  const json = async (name: string, ...args: readonly string[]) => {
    const { stdout, stderr } = await mesh.curl(name, ...args);
    return stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : `${stdout}${stderr}`.trim();
  };
  const status = async (name: string, ...args: readonly string[]) =>
    (await mesh.curl(name, '--output', '/dev/null', '--write-out', '%{http_code} %{exitcode}', ...args)).stdout;

  it.each(['-4', '-6'])('reach a Service by its address (%s), and its program sees who calls', async (stack) => {
    const seen = await json('client', stack, 'http://web.default/books/1');
    expect(seen).toMatchObject({ url: '/books/1', host: 'web.default' });
    expect(seen).toMatchObject({ peer: `By=spiffe://cluster.local/ns/default/sa/web;URI=${client}` });
  });

  it('are refused what nobody allows them', async () => {
    expect(await status('client', 'http://web.default/admin')).toBe('403 0');
    expect(await status('thief', 'http://web.default/books')).toBe('403 0');
  });
});
