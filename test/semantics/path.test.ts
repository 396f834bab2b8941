import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalizePath } from '../../src/lib/http-path.ts';
import { workloadId } from '../../src/model/ids.ts';
import { envoyBinary } from '../support/envoy.ts';
import { listen, sampleModel } from '../support/envoy-model.ts';
import { takeAddressRange } from '../support/mesh/address-range.ts';
import { createCredentials } from '../support/mesh/credentials.ts';
import { echoTarget, startPrograms } from '../support/mesh/echo.ts';
import { RawClient } from '../support/mesh/http-client.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';

/** Printed with every run; `PATH_SEED` tries another one. */
const seed = Number(process.env.PATH_SEED ?? 20_240_607);
const generatedPaths = 3_000;
const connections = 8;
const { path: binary, reason } = envoyBinary();

/** What became of a target: the status of the refusal, or the target that the server's program saw. */
type Outcome = number | string;

let ask: (targets: readonly string[]) => Promise<readonly Outcome[]>;
const cleanups: (() => unknown)[] = [];

describe.skipIf(binary === undefined)(
  `paths in Envoy and in our own code${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    beforeAll(async () => {
      const range = await takeAddressRange();
      cleanups.push(() => range.release());
      const model = sampleModel({ base: range.base });
      cleanups.push(await startPrograms(model));
      const buyer = workloadId('default', 'buyer');
      cleanups.push(await envoyPlane(binary ?? '').start(model, [buyer], await createCredentials()));
      const host = `127.${range.base}.0.1`;
      const clients = Array.from({ length: connections }, () => new RawClient(() => open(host, listen.legacy)));
      cleanups.push(() => clients.map((client) => client.close()));
      ask = (targets) => askAll(clients, targets);
    });

    afterAll(async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
    });

    // A line feed ends the request line, so that it can be in no target.
    const octets = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => octet !== 0x0a);

    it('agree on every raw octet, in the path and in the query', async () => {
      const raw = octets.map((octet) => String.fromCharCode(octet));
      await agree(raw.flatMap((text) => [`/a${text}b`, `/${text}/`, `/a?${text}b`]));
    });

    it('agree on every escaped octet, in upper and in lower case', async () => {
      const hex = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));
      await agree(hex.flatMap((digits) => [digits, digits.toUpperCase()]).map((digits) => `/a%${digits}b/c`));
    });

    it('agree on known tricks', async () => {
      await agree(tricks);
    });

    it(`agree on ${generatedPaths} generated paths (seed ${seed})`, async () => {
      console.log(`paths: seed ${seed}`);
      await agree(fc.sample(target, { seed, numRuns: generatedPaths }));
    });

    it('leave a normal form as it is', async () => {
      const normal = fc
        .sample(target, { seed, numRuns: 300 })
        .map(ours)
        .filter((outcome) => typeof outcome === 'string');
      expect(normal.map(ours)).toEqual(normal);
      expect(await ask(normal)).toEqual(normal);
    });
  },
);

/** Space around a target belongs to the request line (RFC 9112 section 3), which Envoy reads more leniently than we do. */
const endsInSpace = /^[ \t]|[ \t\r]$/;

const pieces = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('/', '.', '..', '/../', '/./', '//', '\\', ';', '%2e', '%2E', '%2e%2E', '..;'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('a', 'books', '-_~', '%41', '%7e', '%20', '%c3%a9', '%3B', '%252e', '"', '|', '['),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%', '%%', '%4', '%zz', '%2', '32', '65', '%2f', '%5C', '%00', '#', '?', ' ', 'é'),
  },
);
const target = fc
  .tuple(fc.constantFrom('/', '/', '/', '/', '//', '', '/books'), fc.array(pieces, { maxLength: 8 }))
  .map(([start, rest]) => start + rest.join(''))
  .filter((text) => text !== '' && !endsInSpace.test(text));

const tricks = [
  ...[
    '/',
    '//',
    '///',
    '/..',
    '/.',
    '/../',
    '/..//',
    '/a/..//',
    '/.//',
    '/a/../..//b',
    '*',
    'a',
    '?a',
    'http://legacy/a',
  ],
  ...[
    'http://legacy',
    'http://legacy?x',
    'HTTP://legacy/a',
    'https://other/a/../b',
    '\\a',
    '/\\',
    '/a\\..\\b',
    '/a\\?b\\c',
  ],
  ...[
    '/a/..;/x',
    '/a/.;/x',
    '/..;',
    '/a/..;x=1/../b',
    '/a/%2e%2e;/x',
    '/a\\..;\\x',
    '/a/..%3B/x',
    '/a/.%2e;',
    '/a/...;/x',
  ],
  ...[
    '/%%32%65%%32%65/',
    '/%%32%46',
    '/%%34%31',
    '/a%zz/../b',
    '/a%2F/../b',
    '/a%00/../b',
    '/%u002e',
    '/a?%zz',
    '/a?#',
  ],
  ...[
    '/.well-known/x',
    '/a/b..',
    '/..a',
    '/a/.b/..c',
    '/%2e%2e%2e',
    '/a/%2e?x=/../',
    '/~a/%7Ea',
    '/a;b/../c',
    '/a//?//',
  ],
];

async function agree(targets: readonly string[]): Promise<void> {
  const theirs = await ask(targets);
  const pairs = targets.map((text, index) => ({ target: text, envoy: theirs[index], ours: ours(text) }));
  expect(pairs.filter((pair) => pair.envoy !== pair.ours)).toEqual([]);
}

function ours(text: string): Outcome {
  const normal = normalizePath(text);
  return normal.ok ? normal.value.path + normal.value.query : 400;
}

async function askAll(clients: readonly RawClient[], targets: readonly string[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (next < targets.length) {
        const index = next++;
        outcomes[index] = await askOne(client, targets[index] ?? '');
      }
    }),
  );
  return outcomes;
}

async function askOne(client: RawClient, path: string): Promise<Outcome> {
  const response = await client.send({ method: 'GET', path, headers: [['Host', 'legacy']] });
  if (response.kind === 'ended') return response.reason;
  const seen = response.headers.get(echoTarget);
  return seen === undefined ? response.status : (JSON.parse(seen) as string);
}

function open(host: string, port: number): Promise<ReturnType<typeof connect>> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
  });
}
