import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

export const gatewayApiVersion = 'v1.7.0';

const path = 'sigs.k8s.io/gateway-api';
/** As go.sum would pin it. */
const sum = 'h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=';

export type Channel = 'standard' | 'experimental';

/** A CustomResourceDefinition of the API's own module. */
export interface GatewayCrd {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly names: { readonly kind: string; readonly plural: string } };
}

/**
 * The definitions of a channel, from the Go module that the ordinary go client fetches. A Go that is older than the module asks for
 * says so, and has unpacked it all the same. `undefined` where there is no Go.
 */
export function gatewayApiCrds(channel: Channel): readonly GatewayCrd[] | undefined {
  const folder = moduleFolder();
  if (folder === undefined) return undefined;
  const crds = join(folder, 'config', 'crd', channel);
  const files = readdirSync(crds).filter((name) => name.startsWith('gateway.networking.k8s.io_'));
  const documents = files.map((file) => readFileSync(join(crds, file), 'utf8').split(/^---$/m));
  return documents
    .flat()
    .map((text) => parse(text) as GatewayCrd | null)
    .filter((document) => document?.kind === 'CustomResourceDefinition') as readonly GatewayCrd[];
}

let found: string | undefined;

function moduleFolder(): string | undefined {
  if (found !== undefined) return found;
  const { error, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', `${path}@${gatewayApiVersion}`], {
    cwd: tmpdir(),
    env: { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '-mod=mod' },
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return undefined;
  const answer = (stdout === '' ? {} : JSON.parse(stdout)) as { Sum?: string; Zip?: string; Error?: string };
  if (answer.Sum !== sum || answer.Zip === undefined) {
    throw new Error(`go gives no ${path} ${gatewayApiVersion}: ${answer.Error ?? stderr}`);
  }
  const cache = answer.Zip.slice(0, answer.Zip.indexOf(join('cache', 'download')));
  found = join(cache, `${path}@${gatewayApiVersion}`);
  return found;
}
