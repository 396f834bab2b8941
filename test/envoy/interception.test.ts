import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';

const program = fileURLToPath(new URL('support/intercepted.ts', import.meta.url));
const { path: binary = '', reason: noEnvoy } = envoyBinary();
const lacks = noEnvoy ?? cannotIntercept();

describe.skipIf(binary === '' || lacks !== undefined)(
  `connections that iptables redirects to the real Envoy${lacks === undefined ? '' : ` (not tried: ${lacks})`}`,
  () => {
    it.each([
      ['passthrough', 'outside'],
      ['registry-only', ''],
    ])('reach the service at their port, and elsewhere as %s says', async (mode, outside) => {
      const { stdout } = await promisify(execFile)('unshare', ['--net', process.execPath, program, mode]);
      expect(JSON.parse(stdout)).toEqual({
        http: [200, 'default/store-v1'],
        tcp: 'default/store-v1',
        outside,
      });
    });
  },
);

/** Why there can be no namespace with redirection here. */
function cannotIntercept(): string | undefined {
  try {
    execFileSync('unshare', ['--net', 'iptables', '-t', 'nat', '-L'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
}
