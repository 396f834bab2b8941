import type { Exchange } from '../routing/exchange.ts';
import { ANSWER, NEXT, type Phase, TAKEN } from './phase.ts';

/** Chooses an endpoint of the cluster, and keeps count of what it has under way, how fast it answers and how it fails. */
export const balancePhase: Phase = {
  name: 'balance',
  eachTry: true,
  request: (exchange) => {
    const { cluster } = exchange;
    const breaker = cluster?.breaker;
    if (breaker !== undefined && !breaker.take('requests')) {
      exchange.overloaded();
      return unavailable(exchange, 'limit');
    }
    exchange.breaker = breaker;
    const endpoint = cluster?.choose(exchange, exchange.now, exchange.tried);
    if (endpoint === undefined) return unavailable(exchange, 'no-endpoint');
    endpoint.pool.outstanding++;
    exchange.endpoint = endpoint;
    return NEXT;
  },
  response: ({ endpoint, response, sentAt, status, now }) => {
    if (endpoint === undefined) return;
    if (status === 503 && response?.fields.lookupMesh('x-smi-overloaded') !== undefined) endpoint.overloaded(now);
    else endpoint.answered(status, sentAt === 0 ? -1 : now - sentAt, now);
  },
  end: (exchange) => {
    if (exchange.endpoint !== undefined) exchange.endpoint.pool.outstanding--;
    exchange.breaker?.release('requests');
    exchange.retryBreaker?.release('retries');
  },
};

function unavailable(exchange: Exchange, reason: string): typeof ANSWER {
  exchange.status = 503;
  exchange.reason = reason;
  exchange.failed();
  return ANSWER;
}

/** Hands the request to a connection of the chosen endpoint. */
export const forwardPhase: Phase = {
  name: 'forward',
  eachTry: true,
  request: (exchange) => {
    const { transaction, endpoint } = exchange;
    transaction.awaitUpstream();
    endpoint!.pool.acquire(transaction, false);
    return TAKEN;
  },
};
