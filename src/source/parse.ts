import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { objectKey } from '../diagnostics/origin.ts';
import type { Severity } from '../diagnostics/severity.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { describeValue, isRecord } from '../lib/values.ts';
import { type FileIndex, fileIndex } from './locate.ts';
import type { SourceDocument, SourceFile } from './types.ts';
import { parseYaml, type YamlFault } from './yaml.ts';

/**
 * Parses the text of one file. Pure: the same text gives the same documents, so a caller that polls files keeps the
 * result until the text changes. Never throws.
 */
export function parseSource(file: string, text: string): SourceFile {
  const positions = fileIndex(file, text);
  const parsed = parseYaml(text);
  if (!parsed.ok) return brokenFile(file, text, faultDiagnostic(positions, parsed.error));
  const collector: Collector = { positions, file, documents: [], diagnostics: [] };
  for (const [index, value] of parsed.value.entries()) {
    // A separator with nothing behind it is common in templates and means nothing.
    if (value !== null) collect(collector, { index, within: [] }, value, {});
  }
  const { documents, diagnostics } = collector;
  // A file without any text is most likely one that an editor has just truncated and is about to write.
  const blank = text.trim() === '';
  if (blank || parsed.value.every((value) => value === null)) {
    const message = blank ? `${file} is empty` : `${file} contains no object, only comments or separators`;
    diagnostics.push(diagnostic('SMI1006', { message, location: { file, line: 1, column: 1 } }));
  }
  return { file, text, documents, diagnostics, broken: blank };
}

/** A file from which nothing can be taken, and why. */
export function brokenFile(file: string, text: string, why: Diagnostic): SourceFile {
  return { file, text, documents: [], diagnostics: [why], broken: true };
}

function faultDiagnostic(positions: FileIndex, fault: YamlFault): Diagnostic {
  const code = fault.kind === 'aliases' ? 'SMI1009' : 'SMI1002';
  const location = positions.at(fault.offset ?? 0);
  return diagnostic(code, { message: `${location.file} is not valid YAML: ${fault.reason}`, location });
}

interface Collector {
  readonly positions: FileIndex;
  readonly file: string;
  readonly documents: SourceDocument[];
  readonly diagnostics: Diagnostic[];
}

/** Where a value stands in the file. */
interface Spot {
  readonly index: number;
  readonly within: readonly PathSegment[];
}

/** What the items of a typed list (`TrafficSplitList`) inherit from it. */
interface Inherited {
  readonly apiVersion?: string;
  readonly kind?: string;
}

function collect(collector: Collector, spot: Spot, value: unknown, inherited: Inherited): void {
  if (!isRecord(value)) {
    refuse(collector, spot, [], `this document is ${describeValue(value)}, not a Kubernetes object`);
    return;
  }
  const apiVersion = value.apiVersion ?? inherited.apiVersion;
  const kind = value.kind ?? inherited.kind;
  if (!isName(apiVersion, true)) {
    refuse(collector, spot, ['apiVersion'], notName('apiVersion', apiVersion));
    return;
  }
  if (!isName(kind, false)) {
    refuse(collector, spot, ['kind'], notName('kind', kind));
    return;
  }
  // Servers written in Go say `null` for an empty list.
  if (kind.endsWith('List') && (Array.isArray(value.items) || value.items === null)) {
    const items: Inherited = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
    for (const [item, element] of (value.items ?? []).entries()) {
      collect(collector, { index: spot.index, within: [...spot.within, 'items', item] }, element, items);
    }
    return;
  }
  collectObject(collector, spot, { apiVersion, kind, object: value });
}

function collectObject(
  collector: Collector,
  spot: Spot,
  head: Pick<SourceDocument, 'apiVersion' | 'kind' | 'object'>,
): void {
  const { apiVersion, kind, object } = head;
  const { name, namespace } = isRecord(object.metadata) ? object.metadata : {};
  if (!isName(name, false)) {
    const severity = isOurs(apiVersion) ? 'error' : 'warning';
    refuse(collector, spot, ['metadata', 'name'], `this ${kind} has no usable metadata.name`, severity);
    return;
  }
  if (namespace !== undefined && namespace !== null && !isName(namespace, false)) {
    const message = `metadata.namespace of ${kind} ${name} must be a name, not ${describeValue(namespace)}`;
    refuse(collector, spot, ['metadata', 'namespace'], message);
    return;
  }
  const within = formatFieldPath(spot.within);
  collector.documents.push({
    ...head,
    key: objectKey(groupOf(apiVersion), kind, namespace ?? 'default', `${name}${ordinal(kind, spot)}`),
    file: collector.file,
    index: spot.index,
    ...(within === '' ? {} : { within }),
  });
}

/** The edges of one resource all carry its name, so that in a list of TrafficMetrics only the position tells them apart. */
function ordinal(kind: string, { within }: Spot): string {
  return kind === 'TrafficMetrics' && within.length > 0 ? `#${String(within.at(-1))}` : '';
}

/** A file with more documents that are no objects is another kind of file altogether. */
const refusalLimit = 100;

function refuse(
  { positions, diagnostics }: Collector,
  { index, within }: Spot,
  path: readonly PathSegment[],
  message: string,
  severity: Severity = 'error',
): void {
  if (diagnostics.length > refusalLimit) return;
  const location = positions.place(index, [...within, ...path]);
  const more = diagnostics.length === refusalLimit ? '; others after it are not listed' : '';
  diagnostics.push(diagnostic('SMI1007', { message: `${message}${more}`, severity, location }));
}

/** A text that can be part of an object key: not empty, and without the key's separator unless that belongs to it. */
function isName(value: unknown, slashes: boolean): value is string {
  return typeof value === 'string' && value !== '' && (slashes || !value.includes('/'));
}

function notName(field: string, value: unknown): string {
  return value === undefined
    ? `this document has no ${field}, so it is not a Kubernetes object`
    : `${field} must be a name, not ${describeValue(value)}`;
}

/** `split.smi-spec.io/v1alpha4` -> `split.smi-spec.io`; `v1` -> the core group, spelled as nothing. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.lastIndexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Groups whose objects we read; a nameless object of another group (a Kustomization, say) is not our concern. */
function isOurs(apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  return group === '' || group === 'apps' || group.endsWith('.smi-spec.io');
}
