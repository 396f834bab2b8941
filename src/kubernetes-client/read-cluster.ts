import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SourceDocument, SourceSet } from '../source/types.ts';
import { clusterDocument } from './cluster-document.ts';
import { type ClusterOptions, connect } from './connect.ts';
import { discover, listAll, type WantedKind } from './list.ts';

/**
 * The objects of some kinds in all namespaces of a cluster, as if they had been read from files. They have no lines:
 * `locate` finds nothing, and findings name object and field. Kinds that the cluster does not serve are passed over. All
 * or nothing: when one list cannot be had the result is SMI1010, since half of the objects could mean the opposite.
 */
export async function readCluster(
  options: ClusterOptions,
  wanted: readonly WantedKind[],
): Promise<Result<SourceSet, Diagnostic>> {
  const connected = await connect(options);
  if (!connected.ok) return err(connected.error.diagnostic);
  const connection = connected.value;
  const kinds = await discover(connection, wanted);
  if (!kinds.ok) return kinds;
  const lists = await Promise.all(kinds.value.map((kind) => listAll(connection, kind)));
  const documents: SourceDocument[] = [];
  for (const [index, list] of lists.entries()) {
    if (!list.ok) return list;
    const kind = kinds.value[index];
    if (kind === undefined) continue;
    documents.push(...list.value.flatMap((object) => clusterDocument(object, kind, connection.context) ?? []));
  }
  return ok({
    files: [],
    documents,
    diagnostics: [],
    brokenFiles: [],
    locate: () => undefined,
    lineOf: () => undefined,
  });
}
