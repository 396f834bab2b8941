import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAdapter } from '../../../src/plugins/load.ts';
import { compile, pod, service } from '../../support/objects.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-plugins-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const limits = { timeoutMillis: 60_000, maxBytes: 100_000 };

/** A program in JavaScript: `answer` is an expression over `question`. */
function program(name: string, body: string): string {
  writeFileSync(join(folder, name), `#!${process.execPath}\n${body}\n`, { mode: 0o755 });
  return `exec:./${name}`;
}

const answering = (answer: string) =>
  `const question = JSON.parse(require('node:fs').readFileSync(0, 'utf8').split('\\n')[0]); console.log(JSON.stringify(${answer}));`;
const described = "{ contract: 1, id: 'toy', support: { 'weighted-split': { level: 'exact' } } }";

async function failureOf(name: string, more: Partial<typeof limits> = {}): Promise<string> {
  const loaded = await loadAdapter(name, { folder, limits: { ...limits, ...more } });
  return loaded.ok ? 'loaded' : loaded.error.map(({ code, message }) => `${code} ${message}`).join('; ');
}

describe('programs as adapters', () => {
  it.each<[string, string, RegExp, Partial<typeof limits>?]>([
    ['crashes', 'process.exit(3)', /^SMI5006 .* describe: it ended with status 3/],
    ['prints no JSON', "console.log('hello')", /^SMI5006 .* describe: the answer is not JSON: "hello/],
    ['says nothing', '', /^SMI5006 .* not JSON: nothing/],
    ['says too much', "console.log('x'.repeat(200000))", /^SMI5006 .* longer than 100000 bytes/],
    ['does not end', 'setInterval(() => {}, 1000)', /^SMI5006 .* no answer within 0.5 s/, { timeoutMillis: 500 }],
    [
      'speaks another contract',
      answering("{ contract: 2, id: 'toy', support: {} }"),
      /speaks version 2 of the contract and this program 1/,
    ],
    ['answers another shape', answering("{ contract: 1, id: 'toy' }"), /must have required property 'support'/],
  ])('one that %s is an error', async (what, body, expected, more) => {
    expect(await failureOf(program(`${what.replaceAll(' ', '-')}.cjs`, body), more)).toMatch(expected);
  });

  it('one that is not there is an error', async () => {
    expect(await failureOf('exec:./nothing')).toMatch(/^SMI5006 .* there is no such program/);
    for (const name of ['exec:', 'exec:a\0b']) expect(await failureOf(name)).toMatch(/^SMI5006 .* it has no name/s);
  });

  it('gives documents, losses, refusals and wrong options as values', async () => {
    const emit =
      "{ artifacts: [{ name: 'a', format: 'toy', body: Object.keys(question.model.services).join(), origins: [] }] }";
    const name = program(
      'whole.cjs',
      answering(
        `question.options.bad ? { errors: [{ message: 'bad option' }] } : question.operation === 'describe' ? ${described} : ` +
          `question.options.no ? { errors: [{ message: 'no words for it', hint: 'Try another.' }] } : ${emit}`,
      ),
    );
    const loaded = await loadAdapter(name, { folder, limits });
    if (!loaded.ok) throw new Error(loaded.error[0]?.message);
    const { value: adapter } = loaded;
    const { model } = compile({ services: [service('shop')], pods: [pod('shop')] });
    expect(adapter.support['weighted-split']).toEqual({ level: 'exact' });
    expect(adapter.support.retries.level).toBe('none');
    expect(adapter.parseOptions({ bad: true })).toMatchObject({
      ok: false,
      error: [{ code: 'SMI5003', message: 'bad option' }],
    });
    expect(adapter.refuse?.(model, { no: true })).toMatchObject([{ code: 'SMI5004', hint: 'Try another.' }]);
    expect(adapter.refuse?.(model, {})).toEqual([]);
    const [unit] = adapter.units(model, { options: {} });
    expect(adapter.emitUnit(model, unit!, { options: {} })).toMatchObject([{ body: 'default/shop' }]);
  });

  it('asks one process about many requests', async () => {
    const name = program(
      'simulating.cjs',
      `const lines = require('node:readline').createInterface({ input: process.stdin });
let first;
lines.on('line', (line) => {
  const value = JSON.parse(line);
  if (first === undefined) {
    first = value;
    if (value.operation === 'describe') console.log(JSON.stringify({ ...${described}, simulates: true }));
  } else if (value.kind === 'tcp') process.exit(1);
  else console.log(JSON.stringify({ outcome: 'rejected', status: value.to.port + first.documents.length }));
});`,
    );
    const loaded = await loadAdapter(name, { folder, limits });
    if (!loaded.ok) throw new Error(loaded.error[0]?.message);
    const { model } = compile({ services: [service('shop')], pods: [pod('shop')] });
    const ask = loaded.value.simulate?.([{ name: 'a', format: 'toy', body: '', origins: [] }], model);
    const from = Object.values(model.workloads)[0]!.id;
    for (const port of [80, 81, 82]) {
      const request = {
        kind: 'http',
        from,
        to: { host: 'shop', port },
        method: 'GET',
        path: '/',
        headers: {},
      } as const;
      expect(ask?.(request)).toEqual({ outcome: 'rejected', status: port + 1 });
    }
    expect(() => ask?.({ kind: 'tcp', from, to: { host: 'shop', port: 80 } })).toThrow(
      /simulate: it ended with status 1/,
    );
  });
});

it('leaves no program behind that simulates and does not end with its input', async () => {
  const beats = join(folder, 'beats');
  const file = join(folder, 'staying.sh');
  const beat = `echo . >> ${beats}; sleep 0.05`;
  const answer = JSON.stringify({ outcome: 'rejected', status: 404 });
  const steps = [
    '#!/bin/sh',
    'read documents',
    'read request',
    `echo '${answer}'`,
    `for i in $(seq 200); do ${beat}; done`,
  ];
  writeFileSync(file, `${steps.join('\n')}\n`, { mode: 0o755 });
  const simulator = new URL('../../../src/plugins/simulator.ts', import.meta.url);
  const script = `import { simulatorOf } from ${JSON.stringify(simulator)};
const ask = simulatorOf(${JSON.stringify(file)}, { timeoutMillis: 10_000, maxBytes: 1_000 });
console.log(ask([], { trustDomain: 'x', services: {}, workloads: {} })({ kind: 'tcp' }).status);`;
  writeFileSync(join(folder, 'ask.mjs'), script);
  const asking = spawnSync(process.execPath, [join(folder, 'ask.mjs')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(asking.stdout).toBe('404\n');
  const count = () => (existsSync(beats) ? readFileSync(beats).length : 0);
  const before = count();
  await delay(500);
  expect(count()).toBe(before);
});

describe('modules as adapters', () => {
  const write = (name: string, text: string) => {
    mkdirSync(join(folder, 'node_modules', 'toy'), { recursive: true });
    writeFileSync(join(folder, name), text);
    return name;
  };
  const module = "{ contract: 1, id: 'toy', support: {}, parseOptions() {}, units() {}, emitUnit() {} }";

  it('are found by path and by the name of a package', async () => {
    write('node_modules/toy/package.json', '{ "name": "toy", "type": "module", "exports": "./index.js" }');
    write('node_modules/toy/index.js', `export const adapter = ${module};`);
    expect(await failureOf(`./${write('good.mjs', `export default ${module};`)}`)).toBe('loaded');
    expect(await failureOf('toy')).toBe('loaded');
  });

  it.each([
    ['none.mjs', 'export const other = 1;', /it exports no adapter/],
    ['old.mjs', "export default { contract: 0, id: 'toy' };", /speaks version 0 of the contract/],
    ['half.mjs', "export default { contract: 1, id: 'toy', support: {} };", /it lacks parseOptions, units, emitUnit/],
    ['wrong.mjs', 'export default', /the module cannot be loaded/],
  ])('%s is an error', async (name, text, expected) => {
    expect(await failureOf(`./${write(name, text)}`)).toMatch(expected);
  });

  it('that are not there are errors', async () => {
    expect(await failureOf('./nothing.mjs')).toMatch(/there is no such module or package/);
    expect(await failureOf('nothing')).toMatch(/there is no such module or package/);
  });
});
