import { ANSWER, NEXT, type Phase, TAKEN } from './phase.ts';

/** Chooses an endpoint of the cluster, and keeps count of what it has under way and how fast it answers. */
export const balancePhase: Phase = {
  name: 'balance',
  request: (exchange) => {
    const pool = exchange.cluster?.choose(exchange.startedAt);
    if (pool === undefined) {
      exchange.status = 503;
      exchange.failed();
      return ANSWER;
    }
    pool.outstanding++;
    exchange.pool = pool;
    return NEXT;
  },
  response: ({ pool, sentAt, now }) => {
    if (sentAt !== 0) pool?.latency.answered(now - sentAt, now);
  },
  end: (exchange) => {
    if (exchange.pool !== undefined) exchange.pool.outstanding--;
  },
};

/** Hands the request to a connection of the chosen endpoint. */
export const forwardPhase: Phase = {
  name: 'forward',
  request: (exchange) => {
    const { transaction, pool } = exchange;
    transaction.awaitUpstream();
    pool!.acquire(transaction, false);
    return TAKEN;
  },
};
