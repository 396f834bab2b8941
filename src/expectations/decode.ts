import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../diagnostics/origin.ts';
import type { Question } from '../explain/explanation.ts';
import { packageRoot } from '../lib/package-root.ts';
import { explainFault } from '../smi/shape.ts';
import type { SourceDocument } from '../source/types.ts';
import type { Expectation } from './types.ts';

const expectationsGroup = 'test.smi-mesh.io';
const kind = 'TrafficExpectations';
const version = 'v1alpha1';

export interface DecodedExpectations {
  /** How many documents they come from, refused ones included. */
  readonly documents: number;
  readonly expectations: readonly Expectation[];
  /** Each refuses the document that it is about. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the expectations among documents, in order; documents of other groups are passed over. */
export function decodeExpectations(documents: readonly SourceDocument[]): DecodedExpectations {
  const decoded = documents.filter(isOurs).map(decodeDocument);
  return {
    documents: decoded.length,
    expectations: decoded.flatMap(({ expectations }) => expectations),
    diagnostics: decoded.flatMap(({ diagnostics }) => diagnostics),
  };
}

function isOurs({ key }: SourceDocument): boolean {
  return parseObjectKey(key).group === expectationsGroup;
}

/** The shape that the schema has proved. */
interface Written {
  readonly spec: { readonly expectations: readonly WrittenGroup[] };
}

interface WrittenGroup {
  readonly from: string;
  readonly to: string;
  readonly requests: readonly WrittenRequest[];
}

interface WrittenRequest extends Pick<Question, 'method' | 'path' | 'headers' | 'tcp' | 'udp'> {
  readonly name?: string;
  readonly expect?: 'allow' | 'deny';
  readonly status?: number | readonly number[];
  readonly shares?: Readonly<Record<string, number>>;
  readonly backend?: string;
}

function decodeDocument(document: SourceDocument): Omit<DecodedExpectations, 'documents'> {
  const faults = shapeFaults(document);
  if (faults.length > 0) return { expectations: [], diagnostics: faults };
  const { spec } = document.object as unknown as Written;
  const found = spec.expectations.flatMap((group, position) =>
    group.requests.map((request, index) => {
      const path = `spec.expectations[${position}].requests[${index}]`;
      return { path, request, expectation: readRequest(document, group, request, path) };
    }),
  );
  const diagnostics = found.flatMap(({ path, request }) => contradictions(document, request, path));
  return { expectations: diagnostics.length > 0 ? [] : found.map(({ expectation }) => expectation), diagnostics };
}

function readRequest({ key }: SourceDocument, group: WrittenGroup, request: WrittenRequest, path: string): Expectation {
  const { from, to } = group;
  const { name, method, path: target, headers, tcp, udp, expect, status, shares, backend } = request;
  const question: Question = {
    from,
    to,
    ...(method === undefined ? {} : { method }),
    ...(target === undefined ? {} : { path: target }),
    ...(headers === undefined ? {} : { headers }),
    ...(tcp === undefined ? {} : { tcp }),
    ...(udp === undefined ? {} : { udp }),
  };
  const bytes = tcp === true ? 'a connection' : udp === true ? 'a datagram' : undefined;
  const line = bytes ?? `${method ?? 'GET'} ${target ?? '/'}`;
  const wanted = backend === undefined ? shares : { [backend]: 1 };
  return {
    name: name ?? `${line} from ${from} to ${to}`,
    question,
    ...(status === undefined ? { access: expect ?? 'allow' } : { statuses: [status].flat() }),
    ...(wanted === undefined ? {} : { shares: wanted }),
    origin: { object: key, path },
  };
}

const exclusive = [
  ['expect', 'status'],
  ['shares', 'backend'],
  ['tcp', 'method'],
  ['tcp', 'path'],
  ['tcp', 'headers'],
  ['tcp', 'status'],
  ['udp', 'tcp'],
  ['udp', 'method'],
  ['udp', 'path'],
  ['udp', 'headers'],
  ['udp', 'status'],
] as const;

/** Fields that say the same thing twice, or of which one has no meaning beside the other. */
function contradictions({ key }: SourceDocument, request: WrittenRequest, path: string): readonly Diagnostic[] {
  return exclusive.flatMap(([one, other]) => {
    if (!request[one] || request[other] === undefined) return [];
    return [
      diagnostic('SMI2040', {
        message: `${path} has both ${one} and ${other}`,
        origin: { object: key, path: `${path}.${other}` },
        hint: `Remove ${one} or ${other}.`,
      }),
    ];
  });
}

let compiled: ValidateFunction | undefined;

/** An unknown field is an error here: an expectation that is not checked is worse than none. */
function shapeFaults({ key, apiVersion, kind: written, object }: SourceDocument): readonly Diagnostic[] {
  if (written !== kind || apiVersion !== `${expectationsGroup}/${version}`) {
    const message = `${apiVersion} ${written} is not a kind of ${expectationsGroup}`;
    const hint = `Use apiVersion ${expectationsGroup}/${version} and kind ${kind}.`;
    return [diagnostic('SMI2001', { message, hint, origin: { object: key, path: 'kind' } })];
  }
  compiled ??= compileSchema();
  if (compiled(object)) return [];
  return (compiled.errors ?? []).flatMap((fault) => {
    const found = explainFault(key, object, fault);
    return found === undefined ? [] : [{ ...found, severity: 'error' as const }];
  });
}

function compileSchema(): ValidateFunction {
  const file = join(packageRoot(), 'schemas', 'test', expectationsGroup, version, `${kind}.json`);
  const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: true, strictTypes: false });
  return ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
}
