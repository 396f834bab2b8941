import { expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';

/** Makes any import of the client library fail. */
const withoutLibrary = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith('@kubernetes/')) throw new Error('the client library is loaded');
      return next(specifier, context);
    },
  });
`)}`;

test.each([
  [['validate', 'examples/bookstore']],
  [['explain', 'examples/bookstore', '--from', 'bookbuyer', '--to', 'bookstore:14001', '--path', '/books']],
  [['diff', 'examples/bookstore', 'examples/bookstore']],
])('a command on files does not wait for the Kubernetes client: %j', async (args) => {
  const { status, stderr } = await runCli(args, { env: { NODE_OPTIONS: withoutLibrary } });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('a command on a cluster loads it', async () => {
  const { status, stderr } = await runCli(['validate', '--context'], { env: { NODE_OPTIONS: withoutLibrary } });
  expect(stderr).toContain('the client library is loaded');
  expect(status).not.toBe(0);
});
