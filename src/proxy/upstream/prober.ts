import type { ProbeQuestion, Prober } from './cluster.ts';
import type { Dialer } from './dial.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { ProbeRequest } from './probe-request.ts';

/**
 * Asks by opening a connection, the TLS handshake and the server's proof of identity included; where there is a path, by a
 * request on a new connection of the pool, so that it takes the way that requests will take.
 */
export class EndpointProber implements Prober {
  readonly #dialer: Dialer;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  probe(pool: EndpointPool, question: ProbeQuestion, done: (ok: boolean, now: number) => void): void {
    const { path, timeoutMillis, failsFrom } = question;
    let giveUp = () => {};
    let open = true;
    const finish = (ok: boolean) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      giveUp();
      done(ok, performance.now());
    };
    const timer = setTimeout(() => finish(false), timeoutMillis);
    timer.unref();
    if (path === '') giveUp = this.#connect(pool, finish);
    else giveUp = request(pool, path, (status) => finish(status > 0 && status < failsFrom));
    if (!open) giveUp();
  }

  #connect({ target }: EndpointPool, finish: (ok: boolean) => void): () => void {
    const socket = this.#dialer.dial(target, () => finish(true));
    if (socket === undefined) {
      finish(false);
      return () => {};
    }
    socket.on('error', () => {});
    socket.once('close', () => finish(false));
    return () => socket.destroy();
  }
}

function request(pool: EndpointPool, path: string, answered: (status: number) => void): () => void {
  const { address, port } = pool.target;
  const authority = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const probe = new ProbeRequest(authority, path, answered);
  pool.acquire(probe, true);
  return () => {
    pool.cancel(probe);
    probe.abandon();
  };
}
