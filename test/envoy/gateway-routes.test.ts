import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';
import { interpret } from '../support/gateway/interpreter.ts';
import { manifestsOf, requests, routes } from '../support/gateway/random-routes.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import type { CaseRequest, GoldenCase } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { askPlane, askReference, reportOf } from '../support/mesh/three-way.ts';

const { path: binary = '', reason } = envoyBinary();
const shops = ['shop', 'shop-v1', 'shop-v2'];
/** The same in every run. */
const drawn = fc.sample(routes, { numRuns: 3, seed: 20_261_128 });

const workloads = [
  ...shops.map(
    (name) => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { containers: [{ name: app, image: echo, ports: [{ containerPort: 8080 }] }] }`,
  ),
  `
apiVersion: v1
kind: Pod
metadata: { name: client, labels: { app: client } }
spec: { containers: [{ name: app, image: echo }] }`,
].join('\n---');

/** Every request of the routes, with what the documentation of the API says of it. */
function caseOf(directory: string, index: number): GoldenCase {
  const written = drawn[index] ?? [];
  const asked = requests.map(({ method, path, headers }): CaseRequest => {
    const said = interpret(written, { method, path, headers });
    const shares =
      typeof said === 'number'
        ? ('unsaid' as const)
        : Object.entries(said).map(([name, weight]) => ({ service: `default/${name}`, weight, answer: 200 }));
    return {
      ...{ direction: 'outbound', from: 'default/client', to: { host: 'shop', port: 80 } },
      traffic: { kind: 'http', method, path, headers },
      expect: { answers: [typeof said === 'number' ? said : 200], shares },
      place: `routes ${index}`,
      label: `${method} ${path} ${JSON.stringify(headers)}`,
    };
  });
  const settings = { accessMode: 'allow' } as const;
  const more = { title: '', rows: [], clauses: [], intercepted: false, outputs: 'all', skips: {} } as const;
  return { name: `routes-${index}`, directory, settings, ...more, requests: asked };
}

let range: AddressRange;
let credentials: Credentials;
let folder: string;

describe.skipIf(binary === '')(
  `routes of Gateway API in the real Envoy${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    beforeAll(async () => {
      range = await takeAddressRange();
      credentials = await createCredentials();
      folder = mkdtempSync(join(tmpdir(), 'smi-gateway-'));
    });
    afterAll(() => {
      range.release();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(drawn.map((_, index) => index))(
      `send ${requests.length} requests and more where the API's documentation says: random routes %i of ${drawn.length}`,
      async (index) => {
        const directory = join(folder, String(index));
        mkdirSync(join(directory, 'input'), { recursive: true });
        writeFileSync(join(directory, 'input/mesh.yaml'), `${workloads}\n---\n${manifestsOf(drawn[index] ?? [])}`);
        const golden = caseOf(directory, index);
        const { model } = compileCase(golden, range.base);
        const report = reportOf(golden, {
          'decide()': askReference(golden, model),
          Envoy: await askPlane(envoyPlane(binary), golden, model, credentials),
        });
        if (report !== undefined) expect.fail(report);
      },
      240_000,
    );
  },
);
