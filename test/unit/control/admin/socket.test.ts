import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdminHandler } from '../../../../src/control/admin/contract.ts';
import { type AdminSocket, askSocket, serveSocket } from '../../../../src/control/admin/socket.ts';

const echo: AdminHandler = ({ method, path, query }) =>
  Promise.resolve({ status: 200, type: 'text/plain', body: `${method} ${path} ${query}` });

let directory: string;
let sockets: AdminSocket[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-socket-'));
  sockets = [];
});
afterEach(async () => {
  await Promise.all(sockets.map((socket) => socket.close()));
  rmSync(directory, { recursive: true, force: true });
});

async function serve(folder = directory, handler = echo): Promise<AdminSocket> {
  const socket = await serveSocket(folder, handler);
  if (!socket.ok) throw new Error(socket.error);
  sockets.push(socket.value);
  return socket.value;
}

describe('the socket of a state directory', () => {
  it('carries questions and answers, for its owner alone', async () => {
    await serve();
    expect(await askSocket(directory, '/page?a=b', 5_000)).toEqual({
      ok: true,
      value: { status: 200, type: 'text/plain', body: 'GET /page a=b' },
    });
    expect(statSync(join(directory, 'admin.sock')).mode & 0o777).toBe(0o600);
  });

  it('is reached in a directory whose name is longer than the kernel takes', async () => {
    const deep = join(directory, 'a'.repeat(100), 'b'.repeat(100));
    mkdirSync(deep, { recursive: true });
    await serve(deep);
    expect(await askSocket(deep, '/', 5_000)).toMatchObject({ ok: true });
  });

  it('is taken over from the dead, and not from the living', async () => {
    const first = await serve();
    const second = await serveSocket(directory, echo);
    expect(second).toEqual({ ok: false, error: expect.stringContaining('another process answers') });
    await first.close();
    await serve();
    expect(await askSocket(directory, '/', 5_000)).toMatchObject({ ok: true });
  });

  it('says why nobody answers', async () => {
    const reason = async (folder: string) => {
      const answer = await askSocket(folder, '/', 5_000);
      return answer.ok ? '' : answer.error;
    };
    expect(await reason(directory)).toBe(`no control plane has its state in ${directory}`);
    await serve(directory, () => new Promise(() => {}));
    const slow = await askSocket(directory, '/', 50);
    expect(slow).toEqual({ ok: false, error: 'it does not answer in time' });
  });

  it('refuses heads that never end', async () => {
    await serve();
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(join(directory, 'admin.sock'));
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(5_000)}`);
    });
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });
});
