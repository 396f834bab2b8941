import { isAmong } from './chance.ts';
import { ANSWER, NEXT, type Phase, WAIT } from './phase.ts';

/** Keeps a share of the requests waiting. */
export function delayPhase(testRandomHeader: string | undefined): Phase {
  return {
    name: 'fault-delay',
    request: (exchange) => {
      const delay = exchange.policy?.delay;
      if (delay === undefined || !isAmong(delay.share, exchange, testRandomHeader)) return NEXT;
      exchange.series?.faulted('delay');
      exchange.transaction.proceedAfter(delay.millis);
      return WAIT;
    },
  };
}

/** Answers a share of the requests in the place of their server. */
export function abortPhase(testRandomHeader: string | undefined): Phase {
  return {
    name: 'fault-abort',
    request: (exchange) => {
      const abort = exchange.policy?.abort;
      if (abort === undefined || !isAmong(abort.share, exchange, testRandomHeader)) return NEXT;
      exchange.series?.faulted('abort');
      exchange.status = abort.httpStatus;
      exchange.grpcStatus = abort.grpcStatus;
      exchange.verdict = 'rejected';
      return ANSWER;
    },
  };
}
