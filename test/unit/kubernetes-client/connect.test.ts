import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { connect } from '../../../src/kubernetes-client/connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-connect-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

function kubeconfig(fields: Readonly<Record<string, unknown>>): string {
  const file = join(folder, 'config');
  const contexts = [{ name: 'one', context: { cluster: 'one', user: 'one' } }];
  const clusters = [{ name: 'one', cluster: { server: 'https://127.0.0.1:1' } }];
  writeFileSync(file, JSON.stringify({ contexts, clusters, users: [{ name: 'one', user: {} }], ...fields }));
  return file;
}

async function sentence(fields: Readonly<Record<string, unknown>>, context?: string): Promise<string> {
  const connected = await connect({ kubeconfig: kubeconfig(fields), ...(context === undefined ? {} : { context }) });
  return connected.ok ? `connected to ${connected.value.context}` : connected.error.diagnostic.message;
}

test('a context may be named, or be the current one', async () => {
  expect(await sentence({}, 'one')).toBe('connected to one');
  expect(await sentence({ 'current-context': 'one' })).toBe('connected to one');
});

test.each([
  ['there is no current context', {}, undefined, 'the kubeconfig has no current context'],
  ['the context does not exist', {}, 'two', 'the kubeconfig has no context "two"; it has one'],
  ['the context is misspelt', {}, 'onne', 'the kubeconfig has no context "onne"; did you mean "one"?'],
  [
    'its cluster does not exist',
    { clusters: [] },
    'one',
    'context "one" of the kubeconfig names no cluster with a usable address',
  ],
  [
    'its address is none',
    { clusters: [{ name: 'one', cluster: { server: 'nowhere' } }] },
    'one',
    'context "one" of the kubeconfig names no cluster with a usable address',
  ],
])('it is said that %s', async (_, fields, context, message) => {
  expect(await sentence(fields, context)).toBe(message);
});

test('a plug-in for credentials that fails is named with what it says', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', 'console.error("log in first"); process.exit(1)'],
  };
  const message = await sentence({ users: [{ name: 'one', user: { exec } }] }, 'one');
  expect(message).toMatch(/^there are no credentials for context "one": log in first/);
});

test('a kubeconfig that is none is an error', async () => {
  const file = join(folder, 'broken');
  writeFileSync(file, 'contexts: [');
  const connected = await connect({ kubeconfig: file });
  expect(!connected.ok && connected.error.diagnostic.message).toMatch(/^the kubeconfig cannot be read: /);
});

test('without any kubeconfig nothing is assumed', async () => {
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', folder);
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
  const connected = await connect({});
  expect(!connected.ok && connected.error.diagnostic.message).toBe('no kubeconfig was found');
});
