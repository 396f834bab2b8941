import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** As go.sum would pin it. */
  readonly sum: string;
}

const known = new Map<string, string>();

/**
 * The folder of a Go module that the ordinary go client fetches: where projects publish their definitions. A Go that is older than
 * the module asks for says so, and has unpacked it all the same. `undefined` where there is no Go.
 */
export function moduleFolder({ path, version, sum }: GoModule): string | undefined {
  const name = `${path}@${version}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const { error, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', name], {
    cwd: tmpdir(),
    env: { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '-mod=mod' },
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return undefined;
  const answer = (stdout === '' ? {} : JSON.parse(stdout)) as { Sum?: string; Zip?: string; Error?: string };
  if (answer.Sum !== sum || answer.Zip === undefined) {
    throw new Error(`go gives no ${name}: ${answer.Error ?? stderr}`);
  }
  const cache = answer.Zip.slice(0, answer.Zip.indexOf(join('cache', 'download')));
  const folder = join(cache, name);
  known.set(name, folder);
  return folder;
}
