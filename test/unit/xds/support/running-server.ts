import { afterEach } from 'vitest';
import type { XdsEvent } from '../../../../src/xds/contract.ts';
import { createXdsServer, type XdsServer, type XdsServerOptions } from '../../../../src/xds/server.ts';
import { createView, type View } from '../../../../src/xds/view.ts';
import { type ClientIdentity, RawAdsClient } from '../../../support/raw-ads-client.ts';

/** A server and its clients, all of which end with the test. */
export class RunningServer {
  readonly events: XdsEvent[] = [];
  readonly views = new Map<string, View>();
  #server: XdsServer | undefined;
  readonly #clients: RawAdsClient[] = [];

  /** Every node is served that has a view; `node` has one. */
  async start(types: readonly string[], options: Partial<XdsServerOptions> = {}): Promise<void> {
    this.#server = await createXdsServer({
      address: '127.0.0.1',
      port: 0,
      typeOrders: [types],
      tls: 'insecure',
      authorize: () => true,
      viewOf: ({ id }) => this.views.get(id),
      onEvent: (event) => this.events.push(event),
      ...options,
    });
    this.views.set('node', createView());
  }

  get server(): XdsServer {
    if (this.#server === undefined) throw new Error('not started');
    return this.#server;
  }

  get view(): View {
    return this.views.get('node')!;
  }

  get address(): string {
    return `127.0.0.1:${this.server.port}`;
  }

  connect(variant: 'delta' | 'sotw', identity?: ClientIdentity): RawAdsClient {
    const client = new RawAdsClient(this.address, variant, identity);
    this.#clients.push(client);
    return client;
  }

  /** Events of one kind. */
  of<Kind extends XdsEvent['kind']>(kind: Kind): Extract<XdsEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<XdsEvent, { kind: Kind }> => event.kind === kind);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.#server?.close();
    this.#server = undefined;
    this.events.length = 0;
    this.views.clear();
  }
}

export function useRunningServer(): RunningServer {
  const running = new RunningServer();
  afterEach(() => running.stop());
  return running;
}
