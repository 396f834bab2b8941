import { normalizePath } from '../../lib/http-path.ts';
import type { Exchange } from './exchange.ts';

/** Sets `path` and `query` of the exchange; false when the target has no normal form. Costs next to nothing when it is one. */
export function readPath(exchange: Exchange): boolean {
  const { request } = exchange;
  if (request.plainPath) {
    const { target, queryStart } = request;
    exchange.path = queryStart === target.length ? target : target.slice(0, queryStart);
    exchange.query = queryStart === target.length ? '' : target.slice(queryStart);
    return true;
  }
  const normal = normalizePath(request.target);
  if (!normal.ok) return false;
  exchange.path = normal.value.path;
  exchange.query = normal.value.query;
  return true;
}
