import { Readable } from 'node:stream';
import type { ProxiesReport } from '../../control/admin/contract.ts';
import { openSocket } from '../../control/admin/socket.ts';
import type { Upstream } from '../../dashboard/server/upstream.ts';
import { mergeProxies } from '../control-plane/merge.ts';
import type { Replicas } from '../control-plane/replicas.ts';

/** The control plane of a state directory. */
export function localUpstream(directory: string): Upstream {
  return {
    open: async (target, signal) => {
      const body = await openSocket(directory, target, signal);
      return { status: body.statusCode ?? 502, type: body.headers['content-type'] ?? '', body };
    },
  };
}

const askMillis = 15_000;

/**
 * The replicas of a controller. Each knows the mesh, so that one of them is asked; what proxies have is known to those that the
 * proxies are connected to.
 */
export function clusterUpstream(replicas: Replicas): Upstream {
  return {
    open: async (target, signal) => {
      if (!/^\/(?:proxies|diff)(?:\/|$)/.test(target)) {
        const body = await replicas.open(target, signal);
        return { status: body.statusCode ?? 502, type: body.headers['content-type'] ?? '', body };
      }
      const answers = await replicas.ask(target, askMillis);
      const good = answers.filter(({ status }) => status === 200);
      const [first] = good.length > 0 ? good : answers;
      if (first === undefined) throw new Error('no replica is ready');
      const { status, type } = first;
      if (target !== '/proxies' || good.length === 0) return { status, type, body: Readable.from([first.body]) };
      // Both ends are of one release.
      const merged = mergeProxies(good.map(({ body }) => JSON.parse(body) as ProxiesReport));
      return { status, type, body: Readable.from([`${JSON.stringify(merged)}\n`]) };
    },
  };
}
