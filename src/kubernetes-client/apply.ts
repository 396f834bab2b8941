import type { ObjectKey } from '../diagnostics/origin.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { SourceDocument, SourceSet } from '../source/types.ts';

/**
 * What a cluster would hold once files were applied to it: their objects instead of those of the same name, with what the
 * cluster itself had set of them (addresses, creation times, status), and everything else as it is.
 */
export function applyTo(cluster: SourceSet, files: SourceSet): SourceSet {
  const before = new Map(cluster.documents.map((document) => [document.key, document]));
  const applied = new Set<ObjectKey>(files.documents.map(({ key }) => key));
  return {
    files: [...cluster.files, ...files.files],
    documents: [
      ...cluster.documents.filter(({ key }) => !applied.has(key)),
      ...files.documents.map((document) => withAssigned(document, before.get(document.key))),
    ],
    diagnostics: [...cluster.diagnostics, ...files.diagnostics],
    brokenFiles: [...cluster.brokenFiles, ...files.brokenFiles],
    locate: (origin) => (applied.has(origin.object) ? files.locate(origin) : cluster.locate(origin)),
    lineOf: (file, line) => files.lineOf(file, line) ?? cluster.lineOf(file, line),
  };
}

/** Fields of a Service's spec that the cluster fills in when its author leaves them out, and then never changes. */
const assignedToServices = ['clusterIP', 'clusterIPs', 'ipFamilies'];

function withAssigned(document: SourceDocument, before: SourceDocument | undefined): SourceDocument {
  if (before === undefined) return document;
  const { metadata, spec, status } = before.object;
  const metadataNow = { ...only(metadata, ['creationTimestamp']), ...fieldsOf(document.object.metadata) };
  const object: Fields = { ...(status === undefined ? {} : { status }), ...document.object, metadata: metadataNow };
  if (document.kind !== 'Service') return { ...document, object };
  return { ...document, object: { ...object, spec: { ...only(spec, assignedToServices), ...fieldsOf(object.spec) } } };
}

function only(value: unknown, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fieldsOf(value)).filter(([name]) => names.includes(name)));
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}
