import { CANCEL } from '../http2/error-codes.ts';
import type { ServerStream } from '../http2/server-stream.ts';
import type { StreamSink } from '../http2/stream-sink.ts';
import { CapsuleReader, datagramCapsule } from './capsules.ts';
import type { FlowSeries } from './flow-series.ts';
import { PlainFlow } from './plain-flow.ts';

/** A flow that another proxy brought, on its way to the program behind this one and back. */
export class ServedFlow implements StreamSink {
  /** When a datagram passed last, on the ticker's clock. */
  heard: number;
  readonly #stream: ServerStream;
  readonly #program: PlainFlow;
  readonly #reader: CapsuleReader;
  readonly #ended: () => void;
  #blocked = false;

  constructor(
    stream: ServerStream,
    target: { readonly address: string; readonly port: number; readonly series: FlowSeries },
    clock: { readonly now: number },
    ended: () => void,
  ) {
    const { address, port, series } = target;
    this.heard = clock.now;
    this.#stream = stream;
    this.#ended = ended;
    this.#program = new PlainFlow(address, port, {
      opened: () => {},
      ended: () => {},
      datagram: (payload) => {
        this.heard = clock.now;
        if (this.#blocked) {
          series.dropped('queue');
          return;
        }
        series.toClient.value++;
        const capsule = datagramCapsule(payload);
        this.#blocked = !stream.data(capsule, 0, capsule.length);
      },
    });
    this.#reader = new CapsuleReader((payload) => {
      this.heard = clock.now;
      series.toServer.value++;
      this.#program.send(payload);
    });
  }

  data(bytes: Buffer, start: number, end: number): boolean {
    this.#reader.read(bytes.subarray(start, end));
    if (this.#reader.failed) {
      this.#stream.reset(CANCEL);
      this.#end();
    }
    return true;
  }

  end(): void {
    this.close();
  }

  reset(): void {
    this.#end();
  }

  drained(): void {
    this.#blocked = false;
  }

  close(): void {
    this.#stream.end(undefined);
    this.#end();
  }

  #end(): void {
    this.#program.close();
    this.#ended();
  }
}
