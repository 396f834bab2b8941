import { limits } from '../limits.ts';
import type { Exchange } from '../routing/exchange.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { MirroredRequest, type MirrorOutcome } from './mirrored-request.ts';
import type { OutgoingRequest } from './outgoing.ts';
import type { RequestBody } from './request-body.ts';
import { copyRequest } from './request-copy.ts';

/** All copies of requests that a proxy has under way: bounded in number, size and time, and of no effect on their originals. */
export class Mirrors implements Tickable {
  /** With the time when they are given up, in the order in which they began. */
  readonly #underWay = new Map<MirroredRequest, number>();
  readonly #ticker: Ticker;

  constructor(ticker: Ticker) {
    this.#ticker = ticker;
    ticker.add(this);
  }

  /** Sends a copy to a cluster once the whole request is here. */
  mirror(exchange: Exchange, cluster: Cluster): void {
    const copy = copyRequest(exchange);
    const { series } = exchange;
    const ended = (outcome: MirrorOutcome) => series?.mirrored(cluster.name, outcome);
    exchange.transaction.whenComplete((body) => {
      if (body === undefined) ended('incomplete');
      else if (!body.replayable) ended('too-large');
      else if (this.#underWay.size >= limits.mirrorsUnderWay) ended('too-many');
      else this.#send(copy, body, cluster, exchange, ended);
    });
  }

  tick(now: number): void {
    for (const [request, until] of this.#underWay) {
      if (now < until) return;
      request.giveUp();
    }
  }

  #send(
    copy: OutgoingRequest,
    body: RequestBody,
    cluster: Cluster,
    exchange: Exchange,
    ended: (outcome: MirrorOutcome) => void,
  ): void {
    const { breaker } = cluster;
    if (breaker !== undefined && !breaker.take('requests')) {
      ended('unavailable');
      return;
    }
    const endpoint = cluster.choose(exchange, exchange.now);
    if (endpoint === undefined) {
      breaker?.release('requests');
      ended('unavailable');
      return;
    }
    const content = { bytes: body.take(), trailers: body.trailers };
    const request = new MirroredRequest(copy, content, { endpoint, breaker }, (done, outcome) => {
      this.#underWay.delete(done);
      ended(outcome);
    });
    this.#underWay.set(request, this.#ticker.now + limits.mirrorMillis);
    request.send();
  }
}
