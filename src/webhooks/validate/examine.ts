import { assemble, decodeMeshObject } from '../../compile/assemble.ts';
import { type CompileOptions, createCompiler } from '../../compile/index.ts';
import type { MeshObject } from '../../compile/input.ts';
import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { compareText } from '../../lib/collections.ts';
import { lint } from '../../lint/index.ts';
import { isSmiGroup } from '../../smi/versions.ts';
import { writtenOrigin } from '../../smi/written.ts';
import type { SourceDocument } from '../../source/types.ts';
import { type ClusterView, neighboursIn, standIns } from './neighbours.ts';

/** What is to be said of one object; field paths are those of the version in which it is written. */
export interface Examination {
  /** Wrong with the object itself: it must not be written. */
  readonly errors: readonly Diagnostic[];
  /** Odd, or wrong only until other objects are written too. */
  readonly warnings: readonly Diagnostic[];
}

/** Findings of the compiler and of lints that nothing but the object itself can mend. */
const ownCodes: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'SMI4001',
  'SMI4002',
  'SMI4008',
  'SMI4010',
  'SMI4011',
  'SMI4012',
  'SMI4016',
  'SMI4017',
  'SMI4023',
  'SMI4030',
  'SMI4101',
  'SMI4502',
  'SMI4508',
  'SMI4510',
  'SMI4511',
  'SMI4513',
  'SMI4520',
  'SMI4521',
  'SMI4522',
  'SMI4523',
  'SMI4524',
  'SMI4525',
  'SMI4526',
]);

/** Findings that depend on nothing but the objects that are named, or compete. */
const referenceCodes: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'SMI3001',
  'SMI3002',
  'SMI3003',
  'SMI3004',
  'SMI3005',
  'SMI3006',
  'SMI3007',
  'SMI3012',
  'SMI3014',
  'SMI3015',
  'SMI4003',
  'SMI4004',
  'SMI4005',
  'SMI4006',
  'SMI4009',
  'SMI4022',
  'SMI4102',
  'SMI4503',
  'SMI4514',
]);

/** Examines an object alone and, with a view of the cluster, what it refers to. Costs by what it names, not by the cluster. */
export function examine(document: SourceDocument, options: CompileOptions, view?: ClusterView): Examination {
  const decoded = decodeMeshObject(document);
  const isError = ({ severity }: Diagnostic) => severity === 'error';
  const errors = decoded.diagnostics.filter(isError);
  const warnings = decoded.diagnostics.filter(({ severity }) => severity === 'warning');
  const object = decoded.value;
  if (object !== undefined) {
    const alone = findings(document, standIns(object, options.clusterDomain), ownCodes, options);
    errors.push(...alone.filter(isError));
    warnings.push(...alone.filter((finding) => !isError(finding)));
    warnings.push(...amongOthers(document, object, options, view));
  }
  const written = (found: readonly Diagnostic[]) => found.map((finding) => asWritten(document, finding));
  return { errors: written(errors), warnings: written(warnings) };
}

function amongOthers(
  document: SourceDocument,
  object: MeshObject,
  options: CompileOptions,
  view: ClusterView | undefined,
): readonly Diagnostic[] {
  if (view === undefined) return [];
  return findings(document, neighboursIn(view, object, options.clusterDomain), referenceCodes, options);
}

/** What compiler and lints say of an object among some others; remarks (`info`) are left out. */
function findings(
  document: SourceDocument,
  others: readonly SourceDocument[],
  codes: ReadonlySet<DiagnosticCode>,
  options: CompileOptions,
): readonly Diagnostic[] {
  const documents = [document, ...others];
  const { input } = assemble(documents);
  const { model, diagnostics } = createCompiler().compile(input, options);
  // By code: what is missing comes before what follows from it.
  return [...diagnostics, ...lint(documents, input, model, options)]
    .filter(({ origin, code, severity }) => origin?.object === document.key && codes.has(code) && severity !== 'info')
    .sort((a, b) => compareText(a.code, b.code));
}

function asWritten(document: SourceDocument, finding: Diagnostic): Diagnostic {
  const { origin } = finding;
  if (origin === undefined || !isSmiGroup(parseObjectKey(document.key).group)) return finding;
  return { ...finding, origin: writtenOrigin(document, origin) };
}
