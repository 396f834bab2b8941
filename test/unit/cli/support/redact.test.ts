import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { archiveOf } from '../../../../src/cli/support/archive.ts';
import { redactObject, redactText } from '../../../../src/cli/support/redact.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const body = pem.split('\n')[1] ?? '';
const token = `eyJhbGciOiJFUzI1NiJ9.${randomBytes(30).toString('base64url')}.${randomBytes(64).toString('base64url')}`;

describe('what is secret is taken out of a text', () => {
  test.each([
    ['a key', `before\n${pem}after`, body],
    ['a key that is cut short', `before\n${pem.slice(0, 90)}`, pem.slice(30, 90)],
    ['a key with written line ends', JSON.stringify({ key: pem }), body],
    [
      'a key in base64',
      `tls.key: ${Buffer.from(pem).toString('base64')}`,
      Buffer.from(pem).toString('base64').slice(40),
    ],
    ['a token', `token is ${token}.`, token.slice(0, 40)],
    ['a header', 'Authorization: Basic dXNlcjpwYXNzd29yZA==', 'dXNlcjpwYXNzd29yZA'],
    ['a password', '--password=hunter2hunter2 --level info', 'hunter2'],
    ['a URL', 'postgres://user:hunter2@db.example/x', 'hunter2'],
    [
      'a JSON Web Key',
      JSON.stringify(privateKey.export({ format: 'jwk' })),
      String(privateKey.export({ format: 'jwk' }).d),
    ],
  ])('%s', (_, text, secret) => {
    expect(text).toContain(secret);
    const redacted = redactText(text);
    expect(redacted).not.toContain(secret);
    expect(redacted).toContain('[redacted]');
  });
});

test('what is public stays', () => {
  const certificate = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const text = `${certificate} spiffe://cluster.local/ns/default/sa/buyer GET /books 200`;
  expect(redactText(text)).toBe(text);
});

test('an object keeps its shape, without values of the environment, copies of itself and keys', () => {
  const pod = {
    metadata: {
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'smi-mesh.io/injected': 'proxy' },
      managedFields: [],
    },
    spec: {
      containers: [
        {
          name: 'a',
          env: [
            { name: 'DSN', value: 'x' },
            { name: 'POD', valueFrom: { fieldRef: {} } },
          ],
          args: [`--t=${token}`],
        },
      ],
      keys: [{ kty: 'oct', k: 'short' }],
    },
  };
  expect(redactObject(pod)).toEqual({
    metadata: { annotations: { 'smi-mesh.io/injected': 'proxy' } },
    spec: {
      containers: [
        {
          name: 'a',
          env: [
            { name: 'DSN', value: '[redacted]' },
            { name: 'POD', valueFrom: { fieldRef: {} } },
          ],
          args: ['--t=[redacted]'],
        },
      ],
      keys: [{ kty: 'oct', k: '[redacted]' }],
    },
  });
});

test('the archive is one that tar reads', () => {
  const files = [
    { path: 'about.json', text: '{}\n' },
    { path: 'logs/a.log', text: 'x'.repeat(1_000) },
    { path: 'empty', text: '' },
  ];
  const input = archiveOf(files, Date.UTC(2026, 0, 1));
  expect(execFileSync('tar', ['tzf', '-'], { input, encoding: 'utf8' })).toBe('about.json\nlogs/a.log\nempty\n');
  expect(execFileSync('tar', ['xzOf', '-', 'logs/a.log'], { input, encoding: 'utf8' })).toBe('x'.repeat(1_000));
});
