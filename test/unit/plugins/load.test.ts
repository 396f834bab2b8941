import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isThere, loadAdapter } from '../../../src/plugins/load.ts';
import type { ProgramTranslator } from '../../../src/plugins/program-adapter.ts';
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

describe('programs that are asked ahead', () => {
  const signal = new AbortController().signal;
  const { model } = compile({ services: [service('shop')], pods: [pod('shop')] });

  async function loaded(name: string, timeoutMillis: number) {
    const found = await loadAdapter(name, { folder, limits: { ...limits, timeoutMillis } });
    if (!found.ok) throw new Error(found.error[0]?.message);
    return found.value as ProgramTranslator;
  }

  /** A shell script that is an adapter; `emit` is what it does when it is asked for documents. */
  function script(name: string, emit: string): string {
    const description = JSON.stringify({ contract: 1, id: 'toy', support: {} });
    const text = `#!/bin/sh
read -r question
case $question in
  *'"operation":"describe"'*) echo '${description}' ;;
  *) ${emit} ;;
esac
`;
    writeFileSync(join(folder, name), text, { mode: 0o755 });
    return `exec:./${name}`;
  }

  it('answer what is asked next, without another process', async () => {
    const calls = join(folder, 'calls');
    const answer = JSON.stringify({ artifacts: [{ name: 'a', format: 'toy', body: 'ahead', origins: [] }] });
    const adapter = await loaded(script('ahead.sh', `echo . >> ${calls}; echo '${answer}'`), 60_000);
    const emit = () => [
      adapter.refuse?.(model, {}),
      adapter.units(model, { options: {} }).flatMap((unit) => adapter.emitUnit(model, unit, { options: {} })),
    ];
    await adapter.askAhead(model, {}, signal);
    expect(emit()).toMatchObject([[], [{ body: 'ahead' }]]);
    expect(readFileSync(calls, 'utf8')).toBe('.\n');
    // Whoever asks once more asks the program.
    expect(emit()).toMatchObject([[], [{ body: 'ahead' }]]);
    expect(readFileSync(calls, 'utf8')).toBe('.\n.\n');
  });

  it.each(['too long', 'aborted'])('end with all that they have started: %s', async (why) => {
    const pidFile = join(folder, `pid-${why}`);
    const adapter = await loaded(script(`stays-${why}.sh`, `sleep 600 & echo $! > '${pidFile}'; wait`), 3_000);
    const stopping = new AbortController();
    const asked = adapter.askAhead(model, {}, stopping.signal);
    // This process goes on meanwhile.
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8'), { timeout: 3_000 }).toMatch(/\d\n/);
    if (why === 'aborted') stopping.abort();
    await asked;
    const expected = why === 'aborted' ? /it was ended by SIGKILL/ : /no answer within 3 s/;
    expect(adapter.refuse?.(model, {})).toMatchObject([{ code: 'SMI5006', message: expect.stringMatching(expected) }]);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
  });

  it.each<[string, string, RegExp]>([
    ['crashes', 'exit 3', /emit: it ended with status 3/],
    ['says too much', 'head -c 200000 /dev/zero', /emit: the answer is longer than 100000 bytes/],
    ['says nothing', 'true', /emit: the answer is not JSON: nothing/],
  ])('one that %s refuses the model', async (what, emit, expected) => {
    const adapter = await loaded(script(`${what.replaceAll(' ', '-')}.sh`, emit), 60_000);
    await adapter.askAhead(model, {}, signal);
    expect(adapter.refuse?.(model, {})).toMatchObject([{ code: 'SMI5006', message: expect.stringMatching(expected) }]);
  });
});

/** A zombie has ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

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

  it('may have another name where they are the only export of that kind', async () => {
    expect(await failureOf(`./${write('named.mjs', `export const toy = ${module}; export const x = 1;`)}`)).toBe(
      'loaded',
    );
    const two = write('two.mjs', `export const one = ${module}; export const other = ${module};`);
    expect(await failureOf(`./${two}`)).toMatch(/it exports no adapter/);
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
    expect(await failureOf('./nothing.mjs')).toMatch(/there is no file .*nothing[.]mjs$/);
    expect(await failureOf('nothing')).toMatch(/there is no such module or package/);
  });

  it.each([
    ['main', '"main": "gone.js"', /the package cannot be loaded: Cannot find module .*gone[.]js/],
    ['exports', '"exports": { "./other": "./index.js" }', /the package cannot be loaded: No "exports" main defined/],
  ])('a package whose %s leads nowhere is there, and cannot be loaded', async (name, entry, expected) => {
    mkdirSync(join(folder, 'node_modules', `broken-${name}`), { recursive: true });
    write(`node_modules/broken-${name}/package.json`, `{ "name": "broken-${name}", ${entry} }`);
    expect(await failureOf(`broken-${name}`)).toMatch(expected);
    expect(isThere(`broken-${name}`, folder)).toBe(true);
    expect(isThere('nothing', folder)).toBe(false);
  });

  it.each(['toy.py', './toy.py'])('%s is told how a program is run', async (name) => {
    write('toy.py', 'print("hello")');
    const loaded = await loadAdapter(name, { folder, limits });
    expect(loaded).toMatchObject({ ok: false, error: [{ hint: 'A program is run with exec:./toy.py.' }] });
  });
});
