import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLines } from '../../src/control/local/lines.ts';
import { until } from '../e2e/support/mesh.ts';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { Envoy, openSocket } from '../support/mesh/envoy-process.ts';
import { RawClient } from '../support/mesh/http-client.ts';

const { path: binary = '', reason = '' } = envoyBinary();
const cli = resolve('src/cli/main.ts');
/** Another one than that of the program: a machine has both on its loopback address. */
const servicePort = 9_100;

/** Two machines: `web` calls `api`, whose program listens on the loopback address as on any machine. */
const manifests = (web: string, api: string, port: number) =>
  [
    pod('web', web, port),
    pod('api', api, port),
    `{ apiVersion: v1, kind: Service, metadata: { name: api }, spec: { selector: { app: api }, ports: [{ name: http, port: ${servicePort}, targetPort: ${port} }] } }`,
    '{ apiVersion: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, metadata: { name: all }, spec: { matches: [{ name: get, methods: [GET] }] } }',
  ].join('\n---\n');

const target =
  '{ apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: { name: web }, spec: { destination: { kind: ServiceAccount, name: api, namespace: default }, rules: [{ kind: HTTPRouteGroup, name: all }], sources: [{ kind: ServiceAccount, name: web, namespace: default }] } }';

function pod(name: string, address: string, port: number): string {
  const status = `{ phase: Running, podIP: ${address}, conditions: [{ type: Ready, status: "True" }] }`;
  return `{ apiVersion: v1, kind: ServiceAccount, metadata: { name: ${name} } }\n---\n{ apiVersion: v1, kind: Pod, metadata: { name: ${name}, labels: { app: ${name} } }, spec: { serviceAccountName: ${name}, containers: [{ name: main, ports: [{ containerPort: ${port} }] }] }, status: ${status} }`;
}

describe.skipIf(binary === '')(`smi-cli xds ${reason}`, () => {
  const root = mkdtempSync(join(tmpdir(), 'smi-xds-'));
  const folder = join(root, 'manifests');
  const lines: string[] = [];
  const envoys: Envoy[] = [];
  let range: AddressRange;
  let program: Server;
  let served: ChildProcess;
  let port = 0;
  let ads = '';

  beforeAll(async () => {
    range = await takeAddressRange();
    program = createServer((_, response) => response.end('api'));
    await new Promise<void>((settle) => program.listen(0, '127.0.0.1', settle));
    port = (program.address() as AddressInfo).port;
    mkdirSync(folder);
    writeFileSync(join(folder, 'mesh.yaml'), manifests(address(1), address(2), port));
    writeFileSync(join(folder, 'target.yaml'), target);
    ads = `127.${range.base}.255.2:15010`;
    served = spawn(process.execPath, [cli, 'xds', folder, '--address', ads, '--state', join(root, 'state')]);
    for (const stream of [served.stdout, served.stderr])
      if (stream !== null) readLines(stream, (line) => lines.push(line));
    await until(
      () => lines.some((line) => line.startsWith('published')),
      60_000,
      () => lines.join('\n'),
    );
  });
  afterAll(async () => {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
    served?.kill();
    program?.close();
    range?.release();
    rmSync(root, { recursive: true, force: true });
  });

  const address = (last: number) => `127.${range.base}.0.${last}`;
  async function ask(): Promise<string> {
    const client = new RawClient(() => openSocket({ host: address(1), port: servicePort }));
    const response = await client.send({ method: 'GET', path: '/', headers: [['Host', 'api']] });
    client.close();
    return response.kind === 'response' ? `${response.status} ${response.body}` : response.reason;
  }

  async function start(name: string, last: number): Promise<void> {
    const out = join(root, name);
    const args = [
      'xds',
      folder,
      '--address',
      ads,
      '--state',
      join(root, 'state'),
      '--print-bootstrap',
      `default/${name}`,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args, '--out', out]);
    const printed = join(root, `${name}.json`);
    writeFileSync(printed, stdout);
    expect(statSync(out).mode & 0o777).toBe(0o700);
    const envoy = new Envoy(binary, printed, { host: address(last), port: 15_001 });
    envoys.push(envoy);
    await envoy.ready();
  }

  it('serves Envoys that start from printed bootstraps', async () => {
    await start('api', 2);
    await start('web', 1);
    expect(await ask()).toBe('200 api');
    expect(lines).toContain('default/web connected');
  });

  it('follows the files', async () => {
    rmSync(join(folder, 'target.yaml'));
    await until(
      async () => (await ask()).startsWith('403'),
      30_000,
      () => lines.join('\n'),
    );
    writeFileSync(join(folder, 'target.yaml'), target);
    await until(
      async () => (await ask()) === '200 api',
      30_000,
      () => lines.join('\n'),
    );
  });

  it('says what is wrong with the command line', async () => {
    const wrong = (...args: string[]) =>
      promisify(execFile)(process.execPath, [
        cli,
        'xds',
        folder,
        '--address',
        '0.0.0.0:15010',
        '--state',
        root,
        ...args,
      ]).then(
        () => 'fine',
        ({ stderr }: { readonly stderr: string }) => stderr,
      );
    expect(await wrong('--print-bootstrap', 'default/web', '--out', root)).toContain('--advertise');
    expect(await wrong('--out', root)).toContain('--print-bootstrap');
  });
});
