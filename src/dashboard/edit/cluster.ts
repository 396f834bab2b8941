import type { Connection } from '../../kubernetes-client/connect.ts';
import { ok } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import type { Editor } from '../server/upstream.ts';
import { problem, withWeights } from './split-weights.ts';

const version = 'v1alpha4';
const fieldManager = 'smi-cli-dashboard';

/** Patches weights in a cluster in the name of the user of the connection, as long as nobody else has changed the split meanwhile. */
export function clusterEditor(connection: Connection): Editor {
  return {
    setWeights: async (split, change) => {
      const [namespace = '', name = ''] = split.split('/').map(encodeURIComponent);
      const path = `/apis/split.smi-spec.io/${version}/namespaces/${namespace}/trafficsplits/${name}`;
      const found = await connection.get(path);
      if (!found.ok) {
        const kind = found.error.status === 404 ? 'unknown' : 'failed';
        return problem(kind, found.error.diagnostic.message);
      }
      if (!isRecord(found.value)) return problem('failed', 'the apiserver answers no object');
      const { metadata } = found.value;
      const resourceVersion = isRecord(metadata) ? metadata.resourceVersion : undefined;
      const moved = withWeights(found.value, split.split('/')[0] ?? '', change);
      if (!moved.ok) return moved;
      const { spec } = moved.value;
      const patch = { metadata: { resourceVersion }, spec: { backends: isRecord(spec) ? spec.backends : [] } };
      const query = new URLSearchParams({ fieldManager });
      const sent = await connection.send('PATCH', `${path}?${query}`, patch, {
        contentType: 'application/merge-patch+json',
      });
      if (sent.ok) return ok(undefined);
      const { status, diagnostic } = sent.error;
      return problem(status === 409 ? 'stale' : status === 422 ? 'invalid' : 'failed', diagnostic.message);
    },
  };
}
