import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envoyAdapter } from '../../../adapters/envoy/index.ts';
import { grpcAdapter } from '../../../adapters/grpc/index.ts';
import { losses } from '../../../src/adapter/losses.ts';
import { validatePaths } from '../../../src/cli/validate/check.ts';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import type { MeshInput } from '../../../src/compile/input.ts';
import { planPods } from '../../../src/control/local/pods.ts';
import { catalogue, type DiagnosticCode } from '../../../src/diagnostics/catalogue.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { decodeExpectations } from '../../../src/expectations/decode.ts';
import { injectDocuments } from '../../../src/injection/documents.ts';
import {
  defaultInjectionSettings,
  defaultMeshIdentity,
  type InjectionSettings,
} from '../../../src/injection/settings.ts';
import { readCluster } from '../../../src/kubernetes-client/read-cluster.ts';
import { convert } from '../../../src/smi/convert/convert.ts';
import { reportKept } from '../../../src/smi/convert/report.ts';
import type { HTTPRouteGroup, TrafficSplit } from '../../../src/smi/types.ts';
import { parseSource } from '../../../src/source/parse.ts';
import { createSourceReader } from '../../../src/source/read.ts';
import type { SourceDocument } from '../../../src/source/types.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pages = join(root, 'docs/diagnostics');
const files = readdirSync(join(pages, 'examples'));
const codes = (Object.keys(catalogue) as DiagnosticCode[]).sort();
const base = readFileSync(join(pages, 'base.yaml'), 'utf8');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'smi-examples-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Found {
  readonly code: DiagnosticCode;
  readonly severity: string;
}

/** The example among the objects of base.yaml, save those that it defines itself. */
function besideBase(example: string): readonly { readonly name: string; readonly text: string }[] {
  const own = new Set(parseSource('example.yaml', example).documents.map(({ key }) => key));
  const rest = base
    .split('---\n')
    .filter((text) => parseSource('base.yaml', text).documents.every(({ key }) => !own.has(key)));
  return [
    { name: 'example.yaml', text: example },
    { name: 'base.yaml', text: rest.join('---\n') },
  ];
}

async function validated(paths: readonly string[]): Promise<readonly Found[]> {
  const { findings } = await validatePaths(paths, new Set(), createSourceReader(), {});
  return findings.map(({ diagnostic }) => diagnostic);
}

async function validatedExample(example: string): Promise<readonly Found[]> {
  const written = besideBase(example);
  for (const { name, text } of written) writeFileSync(join(scratch, name), text);
  return validated(written.map(({ name }) => join(scratch, name)));
}

function documentsOf(example: string): readonly SourceDocument[] {
  return besideBase(example).flatMap(({ name, text }) => parseSource(name, text).documents);
}

/** What the command in an example's first line says of it. */
const commands: readonly (readonly [RegExp, (example: string, argument: string) => readonly Found[]])[] = [
  [
    /^# smi-cli convert --to (\w+)\n/,
    (example, version) => {
      const { key, object, apiVersion } = parseSource('example.yaml', example).documents[0] as SourceDocument;
      const converted = convert(object, apiVersion.replace(/\w+$/, version));
      return converted.ok ? reportKept(key, converted.value, false) : converted.error;
    },
  ],
  [
    /^# smi-cli compile --to envoy\n/,
    (example) => {
      const { input } = assemble(documentsOf(example));
      return losses(createCompiler().compile(input, defaultCompileOptions).model, envoyAdapter);
    },
  ],
  [
    /^# smi-cli inject(?: --native-sidecars (\w+))?\n/,
    (example, mode) => {
      const nativeSidecars = mode === 'off' ? 'off' : 'on';
      const settings: InjectionSettings = { ...defaultInjectionSettings, nativeSidecars };
      return injectDocuments(parseSource('example.yaml', example).documents, { mesh: defaultMeshIdentity, settings })
        .diagnostics;
    },
  ],
  [/^# smi-cli up\n/, (example) => planPods([], assemble(documentsOf(example)).input.deployments, [], 0).diagnostics],
  [/^apiVersion: test\.smi-mesh\.io/, (example) => decodeExpectations(documentsOf(example)).diagnostics],
];

/** Faults that reading an object finds first, so that the compiler meets them in objects made by programs only. */
const onlyFromPrograms: readonly DiagnosticCode[] = ['SMI4008', 'SMI4012', 'SMI4016', 'SMI4017'];

interface WrittenObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

function compiled(example: string): readonly Found[] {
  const { kind, metadata, spec } = load(example) as WrittenObject;
  const meta = {
    key: objectKey('x', kind, 'default', metadata.name),
    namespace: 'default',
    name: metadata.name,
    annotations: {},
  };
  const others = assemble(documentsOf(example)).input;
  const input: MeshInput = {
    ...others,
    splits: kind === 'TrafficSplit' ? [{ meta, ...spec } as unknown as TrafficSplit] : others.splits,
    routeGroups: kind === 'HTTPRouteGroup' ? [{ meta, ...spec } as unknown as HTTPRouteGroup] : others.routeGroups,
  };
  return createCompiler().compile(input, defaultCompileOptions).diagnostics;
}

async function foundIn(code: DiagnosticCode, example: string): Promise<readonly Found[]> {
  if (onlyFromPrograms.includes(code)) return compiled(example);
  for (const [first, run] of commands) {
    const argument = first.exec(example);
    if (argument !== null) return run(example, argument[1] ?? '');
  }
  return validatedExample(example);
}

describe('examples', () => {
  test('every code has a bad and a good one, and there are no others', () => {
    const named = files.map((name) => name.split('.').slice(0, 2).join(' ')).sort();
    expect(named).toEqual(codes.flatMap((code) => [`${code} bad`, `${code} good`]));
  });

  const manifests = codes.filter((code) => files.includes(`${code}.bad.yaml`));
  const example = (code: DiagnosticCode, which: string) =>
    readFileSync(join(pages, 'examples', `${code}.${which}.yaml`), 'utf8');

  test.each(manifests)('%s: the bad one is reported', async (code) => {
    expect((await foundIn(code, example(code, 'bad'))).map((found) => found.code)).toContain(code);
  });

  test.each(manifests)('%s: the good one is not, and has no error', async (code) => {
    const found = await foundIn(code, example(code, 'good'));
    expect(found.map((finding) => finding.code)).not.toContain(code);
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describe('codes that no manifest shows', () => {
  const mirrored = `
apiVersion: policy.smi-mesh.io/v1alpha1
kind: TrafficPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ kind: Service, name: shop }]
  mirror: { service: shop-v2, port: 80, percent: 10 }
`;
  const situations: Partial<Record<DiagnosticCode, () => Promise<readonly Found[]>>> = {
    SMI1001: () => validated([join(scratch, 'no-such-folder')]),
    SMI1003: () => validated([fileOf('binary.yaml', new Uint8Array([0x1f, 0x8b, 0, 1]))]),
    SMI1004: () => validated([fileOf('large.yaml', new Uint8Array(16 * 1024 * 1024 + 1).fill(0x23))]),
    SMI1005: () => validated([mkdtempSync(join(scratch, 'empty-'))]),
    SMI1010: async () => {
      const cluster = await readCluster({ kubeconfig: join(scratch, 'no-such-kubeconfig') }, []);
      return cluster.ok ? [] : [cluster.error].flat();
    },
    SMI5002: async () => {
      const { input } = assemble(documentsOf(mirrored));
      const found = losses(createCompiler().compile(input, defaultCompileOptions).model, grpcAdapter);
      return found.filter(({ message }) => message.includes('mirroring'));
    },
    SMI5003: async () => {
      const options = envoyAdapter.parseOptions({ certificate: '/keys/own.crt' });
      return options.ok ? [] : options.error;
    },
  };
  const fileOf = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(scratch, name), bytes);
    return join(scratch, name);
  };

  test.each(Object.entries(situations))('%s is reported in its situation', async (code, situation) => {
    expect((await situation()).map((found) => found.code)).toEqual([code]);
  });

  test('all others are produced by a test of their own', () => {
    const texts = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && !name.endsWith('examples.test.ts'))
      .map((name) => readFileSync(join(root, 'test', name), 'utf8'))
      .join('\n');
    const others = codes.filter((code) => files.includes(`${code}.bad.txt`) && situations[code] === undefined);
    expect(others.filter((code) => !texts.includes(code))).toEqual([]);
  });
});
