import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoadedKeys } from '../../../../src/proxy/auth/keys.ts';
import { isKeyUrl, keysFromFile, keysFromUrl, type LoadKeys } from '../../../../src/proxy/auth/load-keys.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { issuer } from './support.ts';

describe('loaded keys', () => {
  let jwks: string;

  beforeAll(async () => {
    ({ jwks } = await issuer());
  });

  function source(texts: (string | undefined)[], cacheMillis = 60_000) {
    const state = { now: 1_000, loads: 0, reports: [] as (string | undefined)[] };
    const load: LoadKeys = async () => {
      const text = texts[Math.min(state.loads++, texts.length - 1)];
      return text === undefined ? { ok: false, error: 'down' } : { ok: true, value: text };
    };
    const keys = new LoadedKeys({ load, cacheMillis, now: () => state.now, report: (r) => state.reports.push(r) });
    const advance = async (millis: number) => {
      state.now += millis;
      keys.tick(state.now);
      // Joins the load that a tick began; between loads there is nothing to wait for.
      await new Promise(setImmediate);
    };
    return { keys, state, advance };
  }

  test('are loaded anew in the background when their time is over, and stay the same while they say the same', async () => {
    const { keys, state, advance } = source([jwks]);
    await advance(0);
    const first = keys.current();
    expect(first).toBeDefined();
    await advance(59_000);
    expect(state.loads).toBe(1);
    await advance(1_000);
    expect(state.loads).toBe(2);
    expect(keys.current()).toBe(first);
  });

  test('change when the text changes', async () => {
    const { keys, advance } = source([jwks, (await issuer()).jwks]);
    await advance(0);
    const first = keys.current();
    await advance(60_000);
    expect(keys.current()).toBeDefined();
    expect(keys.current()).not.toBe(first);
  });

  test('stay when loading fails, up to a bound, and are asked for less and less often', async () => {
    const { keys, state, advance } = source([jwks, undefined]);
    await advance(0);
    await advance(60_000);
    expect(state).toMatchObject({ loads: 2, reports: ['down'] });
    await advance(limits.jwksRetryMillis - 1);
    expect(state.loads).toBe(2);
    await advance(1);
    expect(state.loads).toBe(3);
    await advance(limits.jwksRetryMillis);
    expect(state.loads).toBe(3);
    await advance(limits.jwksRetryMillis);
    expect(state.loads).toBe(4);
    expect(keys.current()).toBeDefined();
    await advance(limits.jwksStaleMillis);
    expect(keys.current()).toBeUndefined();
  });

  test('that do not parse leave the last ones in force', async () => {
    const { keys, state, advance } = source([jwks, '{"keys": 1}', jwks]);
    await advance(0);
    const first = keys.current();
    await advance(60_000);
    expect(state.reports).toEqual(['no list of keys']);
    expect(keys.current()).toBe(first);
    await advance(limits.jwksRetryMillis);
    expect(state.reports).toEqual(['no list of keys', undefined]);
  });

  test('are asked for early at most once in a while', async () => {
    const { keys, state, advance } = source([jwks]);
    await advance(0);
    await keys.refresh();
    expect(state.loads).toBe(1);
    state.now += limits.jwksRefreshMillis;
    await Promise.all([keys.refresh(), keys.refresh()]);
    expect(state.loads).toBe(2);
  });
});

describe('key files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-keys-'));
  const path = join(folder, 'keys.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are read, and refused when they are too large or not there', async () => {
    writeFileSync(path, '{"keys":[]}');
    expect(await keysFromFile(path)()).toEqual({ ok: true, value: '{"keys":[]}' });
    writeFileSync(path, ' '.repeat(limits.jwksBytes + 1));
    expect(await keysFromFile(path)()).toMatchObject({ ok: false, error: expect.stringContaining('more than') });
    expect(await keysFromFile(join(folder, 'absent'))()).toMatchObject({ ok: false });
  });
});

describe('key URLs', () => {
  let server: http.Server;
  let base: string;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      switch (request.url) {
        case '/keys':
          response.end('{"keys":[]}');
          break;
        case '/moved':
          response.writeHead(302, { location: '/keys' }).end();
          break;
        case '/endless': {
          const write = () => {
            if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(write);
          };
          response.on('drain', write);
          write();
          break;
        }
        default:
          response.writeHead(500).end('no');
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  test('are fetched', async () => {
    expect(await keysFromUrl(`${base}/keys`)()).toEqual({ ok: true, value: '{"keys":[]}' });
  });

  test.each(['/error', '/moved', '/endless'])('%s is no keys', async (path) => {
    expect(await keysFromUrl(base + path)()).toMatchObject({ ok: false });
  });

  test('that nobody answers are no keys', async () => {
    expect(await keysFromUrl('http://127.0.0.1:9/keys')()).toMatchObject({ ok: false });
  });

  test('are http or https without a password', () => {
    expect(['https://a/b', 'http://a'].map(isKeyUrl)).toEqual([true, true]);
    expect(['file:///etc/passwd', 'ftp://a', 'https://u:p@a/', 'keys', ''].map(isKeyUrl)).toEqual(Array(5).fill(false));
  });
});
