import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { injectLabel } from '../kubernetes/names.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { SourceDocument } from '../source/types.ts';
import type { SkipReason } from './eligibility.ts';
import type { InjectionContext } from './inject-pod.ts';
import { injectWorkload } from './workloads.ts';

export interface InjectedDocument {
  readonly document: SourceDocument;
  /** The very object of the document where nothing is to be done. */
  readonly object: Fields;
  readonly injected: boolean;
  /** Of what is, or makes, pods that stay as they are. */
  readonly skipped?: SkipReason;
}

export interface InjectedDocuments {
  readonly documents: readonly InjectedDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Gives the pods in manifests their sidecars. Who asks for that has chosen the pods, so that namespaces need no label; labels
 * that say otherwise, of a pod or of a Namespace among the documents, count all the same.
 */
export function injectDocuments(
  documents: readonly SourceDocument[],
  context: Omit<InjectionContext, 'place' | 'namespace'>,
): InjectedDocuments {
  const namespaces = new Map(
    documents
      .filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1')
      .map(({ object }) => [String(metadataOf(object).name), textLabels(object)]),
  );
  const diagnostics: Diagnostic[] = [];
  const results = documents.map((document): InjectedDocument => {
    const { object, key } = document;
    const name = String(metadataOf(object).namespace ?? 'default');
    const namespace = { name, labels: { [injectLabel]: 'enabled', ...namespaces.get(name) } };
    const injection = injectWorkload(object, key, { ...context, namespace });
    if (injection === undefined) return { document, object, injected: false };
    diagnostics.push(...(injection.kind === 'refused' ? injection.faults : injection.warnings));
    if (injection.kind === 'injected') return { document, object: injection.object, injected: true };
    return {
      document,
      object,
      injected: false,
      ...(injection.kind === 'skipped' ? { skipped: injection.reason } : {}),
    };
  });
  return { documents: results, diagnostics };
}

function metadataOf({ metadata }: Fields): Fields {
  return isRecord(metadata) ? metadata : {};
}

function textLabels(object: Fields): Readonly<Record<string, string>> {
  const { labels } = metadataOf(object);
  return Object.fromEntries(
    Object.entries(isRecord(labels) ? labels : {}).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value]] : [],
    ),
  );
}
