import { NO_UPGRADE } from '../codec/upgrade.ts';
import { FieldList } from '../http/field-list.ts';
import type { RequestMessage, ResponseMessage } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import type { ResponseConsumer, UpstreamStream } from './consumer.ts';

/** A GET of the proxy's own, of which only the status matters. */
export class ProbeRequest implements ResponseConsumer {
  readonly method = 'GET';
  readonly upgrading = false;
  readonly expiresAt = 0;
  readonly #outgoing: OutgoingRequest;
  readonly #answered: (status: number) => void;
  #stream: UpstreamStream | undefined;

  /** `answered` is called with 0 when no answer comes. */
  constructor(authority: string, target: string, answered: (status: number) => void) {
    const question = target.indexOf('?');
    const queryStart = question < 0 ? target.length : question;
    const request: RequestMessage = {
      method: 'GET',
      target,
      queryStart,
      plainPath: true,
      host: authority,
      fields: new FieldList(['user-agent', 'smi-mesh-probe']),
      contentLength: -1,
      upgrade: NO_UPGRADE,
    };
    const [path, query] = [target.slice(0, queryStart), target.slice(queryStart)];
    this.#outgoing = { request, path, query, requestEdits: undefined };
    this.#answered = answered;
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.abandon();
  }

  upstreamReady(stream: UpstreamStream): void {
    this.#stream = stream;
    stream.sendHead(this.#outgoing, undefined, true);
  }

  upstreamFailed(): void {
    this.#end(0);
  }

  interim(): void {}

  wholeResponse({ status }: ResponseMessage): void {
    this.#end(status);
  }

  /** The body does not matter, and could be long. */
  responseHead({ status }: ResponseMessage, bodiless: boolean): void {
    if (!bodiless) this.abandon();
    this.#end(status);
  }

  responseBody(): boolean {
    return true;
  }

  responseEnd(): void {}

  responseBroken(): void {
    this.#end(0);
  }

  requestDrained(): void {}

  #end(status: number): void {
    this.#stream = undefined;
    this.#answered(status);
  }
}
