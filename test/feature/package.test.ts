import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawAdsClient } from '../support/raw-ads-client.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const exampleNames = readdirSync(join(root, 'examples/library')).filter((name) => name.endsWith('.ts'));

/** Holds the package as npm would publish it, packed and unpacked, and a project that uses it. */
let folder = '';
let tarball: Uint8Array<ArrayBuffer>;
const unpacked = () => join(folder, 'project/node_modules/smi-mesh');
const project = () => join(folder, 'project');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smi-mesh-package-'));
  const source = join(folder, 'source');
  mkdirSync(source);
  for (const name of [
    'package.json',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'bin',
    'schemas',
    'conformance',
    'testkit',
    'examples',
    'docs',
  ]) {
    cpSync(join(root, name), join(source, name), { recursive: true });
  }
  cpSync(join(root, 'generated'), join(source, 'generated'), { recursive: true });
  const tsdown = join(root, 'node_modules/tsdown/dist/run.mjs');
  await run(process.execPath, [tsdown, '--out-dir', join(source, 'dist')], { cwd: root });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: source });
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz')) ?? '';
  tarball = new Uint8Array(readFileSync(join(folder, name)));
  mkdirSync(unpacked(), { recursive: true });
  await run('tar', ['-xzf', join(folder, name), '-C', unpacked(), '--strip-components', '1']);
  useDependencies();
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The project's other packages are those of this checkout. */
function useDependencies(): void {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const place = join(project(), 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place);
  }
  cpSync(join(unpacked(), 'examples'), join(project(), 'examples'), { recursive: true });
  writeFileSync(join(project(), 'package.json'), '{ "type": "module" }');
}

describe('the package', () => {
  it('has nothing that publint minds', async () => {
    const { messages } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  it('has types that every ESM consumer resolves to the same as what it runs', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(tarball));
    if (!analysis.types) throw new Error('the package has no types');
    // It is ESM only: how a CommonJS program or the resolution of Node 10 sees it does not matter.
    const relevant = analysis.problems.filter((problem) => {
      return !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind);
    });
    expect(relevant).toEqual([]);
    expect(Object.keys(analysis.entrypoints)).toEqual(
      expect.arrayContaining(['.', './adapter', './adapter/data-plane', './testkit', './xds', './conformance']),
    );
  });

  it('has types that stand on their own under the strictest settings', async () => {
    const compilerOptions = {
      target: 'ES2024',
      lib: ['ES2024'],
      module: 'NodeNext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    };
    writeFileSync(
      join(project(), 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['examples/library/*.ts', 'examples/xds/*.ts'] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: project() }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  }, 120_000);

  it('has the program', async () => {
    const { stdout } = await run(join(unpacked(), 'bin/smi-cli'), ['validate', 'examples/bookstore'], {
      cwd: project(),
    });
    expect(stdout).toMatch(/^valid: /);
  });

  it('begins an adapter in TypeScript that keeps the contract, has types that fit, and passes its own test', async () => {
    for (const name of ['typescript', 'vitest']) {
      symlinkSync(join(root, 'node_modules', name), join(project(), 'node_modules', name));
    }
    const smi = join(unpacked(), 'bin/smi-cli');
    const made = await run(smi, ['adapter', 'new', 'toy'], { cwd: project() });
    expect(made.stdout).toContain('smi-cli adapter test ./toy/toy.ts\n');
    const { stdout } = await run(smi, ['adapter', 'test', './toy/toy.ts'], { cwd: project() });
    expect(stdout).toMatch(
      /^passed: \d+ of \d+ cases of the contract hold for toy; what it says of traffic was not judged\n/,
    );
    const toy = { cwd: join(project(), 'toy') };
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], toy);
    const tested = await run(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run'], toy);
    expect(tested.stdout).toMatch(/Tests .*\d+ passed/);
  }, 120_000);
});

describe('the examples of the library', () => {
  const expected: Readonly<Record<string, readonly [status: number, ...texts: readonly string[]]>> = {
    'validate.ts': [
      0,
      'error[SMI2004]: spec.backends[1].weight is -10',
      ' --> split.yaml:9:7',
      'Did you mean `weight`?',
    ],
    'explain.ts': [
      0,
      'default/bookstore-v1 90/100 allow',
      'denied: GET /books from default/bookthief-0',
      'access.yaml:38:7',
    ],
    'convert.ts': [0, '"apiVersion": "split.smi-spec.io/v1alpha2"', 'kept in an annotation', 'the same again'],
    'diff.ts': [1, 'widened: DELETE /books from default/bookbuyer to default/bookstore:14001'],
    'conformance.ts': [0, '(my-mesh 0.1.0, my-mesh)', 'TrafficSplit   full'],
    'expectations.ts': [0, 'ok     expectations.yaml:12 GET /books from bookbuyer', '100 % of 8 rules are exercised'],
  };

  it('are all tried here', () => {
    expect(exampleNames.toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  it.each(Object.entries(expected))('%s says what it promises', async (name, [status, ...texts]) => {
    const file = join('examples/library', name);
    const { stdout, code } = await run(process.execPath, [file], { cwd: project() }).then(
      (done) => ({ ...done, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    for (const text of texts) expect(stdout).toContain(text);
    expect(code).toBe(status);
  });

  it.each(exampleNames)('%s stands on the page about the library as it is', (name) => {
    const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
    const text = readFileSync(join(root, 'examples/library', name), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${text}\`\`\``);
  });
});

describe('the example of the ADS server', () => {
  it('serves what it says, and what is typed', async () => {
    const child = spawn(process.execPath, ['examples/xds/server.ts'], {
      cwd: project(),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const [first] = (await once(lines, 'line')) as [string];
    const client = new RawAdsClient(first.replace('ADS at ', ''), 'delta');
    try {
      client.send({ node: { id: 'example/one' }, typeUrl: 'type.googleapis.com/google.protobuf.StringValue' });
      expect((await client.response(1)).resources.map(({ name }) => name)).toEqual(['greeting', 'farewell']);
      client.answer();
      child.stdin.write('good morning\n');
      expect((await client.response(2)).resources.map(({ name }) => name)).toEqual(['greeting']);
      child.stdin.end();
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      client.close();
      child.kill();
    }
  });

  it('stands on its page as it is', () => {
    const text = readFileSync(join(root, 'examples/xds/server.ts'), 'utf8');
    expect(readFileSync(join(root, 'docs/xds.md'), 'utf8')).toContain(`\`\`\`ts\n${text}\`\`\``);
  });
});
