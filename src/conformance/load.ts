import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { load as parseYaml } from 'js-yaml';
import { compareText } from '../lib/collections.ts';
import { packageRoot } from '../lib/package-root.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { ConformanceCase } from './case.ts';
import { decodeCase } from './decode.ts';
import type { WrittenCase, WrittenTopology } from './written.ts';

/** A part of what the suite is meant to have and has not. */
export interface Gap {
  readonly feature: string;
  readonly reason: string;
}

/** Where the suite of this package is. */
export function suiteFolder(): string {
  return join(packageRoot(), 'conformance');
}

const whereFrom = 'one comes with the npm package smi-mesh and with its repository; images have none';

/** Every case of a suite in the order of their names; the error lists what is wrong with which file. */
export function loadCases(folder: string = suiteFolder()): Result<readonly ConformanceCase[], readonly string[]> {
  if (!existsSync(join(folder, 'cases'))) return err([`there is none in ${folder}: ${whereFrom}`]);
  const faults: string[] = [];
  const cases: ConformanceCase[] = [];
  try {
    const topologies = readTopologies(join(folder, 'topologies'));
    const root = join(folder, 'cases');
    for (const file of yamlFiles(root)) {
      const read = readCase(join(root, file), file.slice(0, -'.yaml'.length), topologies);
      if (read.ok) cases.push(...read.value);
      else faults.push(...read.error.map((fault) => `${join('cases', file)}: ${fault}`));
    }
  } catch (error) {
    faults.push(messageOf(error));
  }
  return faults.length > 0 ? err(faults) : ok(cases);
}

/** What the suite names as missing. */
export function loadGaps(folder: string = suiteFolder()): readonly Gap[] {
  return parseYaml(readFileSync(join(folder, 'gaps.yaml'), 'utf8')) as readonly Gap[];
}

function readCase(
  path: string,
  name: string,
  topologies: Readonly<Record<string, WrittenTopology>>,
): Result<readonly ConformanceCase[], readonly string[]> {
  try {
    const value = parseYaml(readFileSync(path, 'utf8'));
    const valid = schema();
    if (!valid(value))
      return err((valid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`));
    return ok(decodeCase(name, value as WrittenCase, topologies));
  } catch (error) {
    return err([messageOf(error)]);
  }
}

function readTopologies(folder: string): Readonly<Record<string, WrittenTopology>> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return Object.fromEntries(
    files.map((file) => [
      basename(file, '.yaml'),
      parseYaml(readFileSync(join(folder, file), 'utf8')) as WrittenTopology,
    ]),
  );
}

function yamlFiles(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort(compareText);
}

let compiled: ValidateFunction | undefined;

function schema(): ValidateFunction {
  const file = join(packageRoot(), 'schemas', 'conformance', 'case.json');
  compiled ??= new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(
    JSON.parse(readFileSync(file, 'utf8')),
  );
  return compiled;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
