import { NO_UPGRADE } from '../codec/upgrade.ts';
import type { Mirrors } from '../http/mirrors.ts';
import { isAmong } from './chance.ts';
import { NEXT, type Phase } from './phase.ts';

/** Sends a copy of a share of the requests to other endpoints. */
export function mirrorPhase(mirrors: Mirrors, testRandomHeader: string | undefined): Phase {
  return {
    name: 'mirror',
    request: (exchange) => {
      const mirror = exchange.policy?.mirror;
      if (mirror === undefined || exchange.request.upgrade !== NO_UPGRADE) return NEXT;
      if (isAmong(mirror.share, exchange, testRandomHeader)) mirrors.mirror(exchange, mirror.cluster);
      return NEXT;
    },
  };
}
