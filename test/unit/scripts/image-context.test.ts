import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What `docker build` sees of the checkout: the ignore file leaves out everything but these. */
const [first, ...kept] = readFileSync('deploy/Dockerfile.dockerignore', 'utf8').trim().split('\n');
const context = kept.map((line) => line.replace(/^!/, ''));

test('the context of the image is a list of what is there, and nothing else', () => {
  expect(first).toBe('*');
  for (const [index, line] of kept.entries()) {
    expect(line).toBe(`!${context[index]}`);
    expect(statSync(context[index] ?? '', { throwIfNoEntry: false })).toBeDefined();
  }
});

test('every file that the scripts of the image name is in its context', () => {
  const folders = ['scripts', 'scripts/lib'];
  const scripts = ['image.mjs', 'dashboard.mjs', 'generate.mjs'].map((name) => join('scripts', name));
  const found = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  for (const script of scripts) expect(found).toContain(script);
  const named = scripts.flatMap((script) => readFileSync(script, 'utf8').match(/'[\w./-]+\.(?:ts|json|proto)'/g) ?? []);
  const ofCheckout = named
    .map((name) => name.slice(1, -1))
    .filter((name) => statSync(name, { throwIfNoEntry: false })?.isFile());
  expect(ofCheckout).toContain('tsdown.dashboard.config.ts');
  // Made by the build itself.
  const made = ['generated/', 'node_modules/'];
  const missing = ofCheckout.filter(
    (name) => ![...context, ...made].some((entry) => name === entry || name.startsWith(entry.replace(/\/?$/, '/'))),
  );
  expect(missing).toEqual([]);
});

test('the Dockerfile copies from its context only what is there, and runs as nobody', () => {
  const lines = readFileSync('deploy/Dockerfile', 'utf8').split('\n');
  const copied = lines.flatMap((line) => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
  expect(copied).toEqual(['package.json', 'package-lock.json', 'scripts', '.']);
  expect(lines).toContain('USER 65532:65532');
  expect(lines.filter((line) => line.startsWith('FROM ')).at(-1)).toBe('FROM scratch');
});
