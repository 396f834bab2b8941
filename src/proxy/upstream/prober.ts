import type { Prober } from './cluster.ts';
import type { Dialer } from './dial.ts';

/** Asks by opening a connection, the TLS handshake and the server's proof of identity included. */
export class ConnectionProber implements Prober {
  readonly #dialer: Dialer;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  probe(...[{ target }, { timeoutMillis }, done]: Parameters<Prober['probe']>): void {
    let timer: NodeJS.Timeout | undefined;
    let open = true;
    const finish = (ok: boolean) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      socket?.destroy();
      done(ok, performance.now());
    };
    const socket = this.#dialer.dial(target, () => finish(true));
    if (socket === undefined) {
      finish(false);
      return;
    }
    socket.on('error', () => {});
    socket.once('close', () => finish(false));
    timer = setTimeout(() => finish(false), timeoutMillis);
    timer.unref();
  }
}
