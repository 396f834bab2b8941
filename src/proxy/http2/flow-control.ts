import { maxWindow } from './frames.ts';

/** The windows of a connection or stream in both directions, in octets (RFC 9113 5.2). */
export class FlowWindows {
  /** What may still be sent; below zero after the peer shrank its initial window. */
  sendLeft: number;
  /** What the peer may still send. */
  #receiveLeft: number;
  /** Taken by the consumer and not announced to the peer. */
  #taken = 0;
  readonly #threshold: number;

  constructor(sendWindow: number, receiveWindow: number) {
    this.sendLeft = sendWindow;
    this.#receiveLeft = receiveWindow;
    this.#threshold = receiveWindow / 2;
  }

  /** The peer sent octets; false when it must not have. */
  receive(octets: number): boolean {
    this.#receiveLeft -= octets;
    return this.#receiveLeft >= 0;
  }

  /** The consumer took octets. Returns the increment to announce now; small ones add up first. */
  take(octets: number): number {
    this.#taken += octets;
    if (this.#taken < this.#threshold) return 0;
    const increment = this.#taken;
    this.#taken = 0;
    this.#receiveLeft += increment;
    return increment;
  }

  /** The peer allows more, or less; false when the window would be larger than one may be. */
  allow(octets: number): boolean {
    this.sendLeft += octets;
    return this.sendLeft <= maxWindow;
  }
}
