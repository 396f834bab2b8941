import dns from 'node:dns';
import net from 'node:net';
import { limits } from '../limits.ts';

/** Whether connections may go to an address. */
export type AddressGuard = (address: string) => boolean;

/** The addresses of a host with the seconds that they hold; rejects as `node:dns` does. */
export interface AddressSource {
  resolve4(host: string): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
  resolve6(host: string): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
}

interface Answer {
  readonly addresses: readonly string[];
  /** Until then nobody is asked again, on the monotonic clock. */
  readonly fresh: number;
  /** Until then they serve when nobody answers. */
  readonly stale: number;
}

/** Answers of DNS that say that there is nothing, as opposed to no answer. */
const definite = new Set(['ENOTFOUND', 'ENODATA']);

/** The addresses of hosts outside the mesh, as long as DNS says that they hold; IPv4 where a host has both. */
export class Names {
  readonly #source: AddressSource;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer>();
  readonly #asking = new Map<string, Promise<readonly string[]>>();
  #turn = 0;

  constructor(source: AddressSource, now: () => number = () => performance.now()) {
    this.#source = source;
    this.#now = now;
  }

  /** For `net.connect`: the addresses that a guard lets pass, another first each time. */
  lookup(guard: AddressGuard | undefined): net.LookupFunction {
    return (host, options, done) => {
      this.addresses(host).then(
        (found) => {
          const allowed = guard === undefined ? found : found.filter(guard);
          const turn = allowed.length === 0 ? 0 : this.#turn++ % allowed.length;
          const list = [...allowed.slice(turn), ...allowed.slice(0, turn)].map((address) => ({
            address,
            family: net.isIP(address),
          }));
          const [first] = list;
          if (first === undefined) done(new Error(`${host} has no address to go to`), []);
          else if (options.all) done(null, list);
          else done(null, first.address, first.family);
        },
        (error: Error) => done(error, []),
      );
    };
  }

  /** Rejects when DNS has no answer and none is remembered. */
  addresses(host: string): Promise<readonly string[]> {
    const known = this.#answers.get(host);
    if (known !== undefined && this.#now() < known.fresh) return Promise.resolve(known.addresses);
    const asking = this.#asking.get(host) ?? this.#ask(host).finally(() => this.#asking.delete(host));
    this.#asking.set(host, asking);
    return asking;
  }

  async #ask(host: string): Promise<readonly string[]> {
    try {
      const found = await this.#resolve(host);
      const ttl = Math.min(...found.map((one) => one.ttl)) * 1_000;
      const millis = Math.min(Math.max(ttl, limits.dnsMinMillis), limits.dnsMaxMillis);
      const addresses = found.map(({ address }) => address);
      return this.#remember(host, addresses, millis, millis + limits.dnsStaleMillis);
    } catch (error) {
      const known = this.#answers.get(host);
      const { code = '' } = error as NodeJS.ErrnoException;
      if (definite.has(code)) return this.#remember(host, [], limits.dnsFailureMillis, limits.dnsFailureMillis);
      if (known === undefined || this.#now() >= known.stale) throw error;
      this.#answers.set(host, { ...known, fresh: this.#now() + limits.dnsFailureMillis });
      return known.addresses;
    }
  }

  /** RFC 6761 section 6.3: nobody is asked for localhost. */
  async #resolve(host: string) {
    if (host === 'localhost') return [{ address: '127.0.0.1', ttl: limits.dnsMaxMillis }];
    try {
      const found = await this.#source.resolve4(host);
      if (found.length > 0) return found;
    } catch (error) {
      if (!definite.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    const found = await this.#source.resolve6(host);
    if (found.length > 0) return found;
    throw Object.assign(new Error(`${host} has no address`), { code: 'ENODATA' });
  }

  #remember(host: string, addresses: readonly string[], fresh: number, stale: number): readonly string[] {
    const now = this.#now();
    this.#answers.delete(host);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size < limits.dnsNames) break;
      this.#answers.delete(oldest);
    }
    this.#answers.set(host, {
      addresses: addresses.slice(0, limits.dnsAddresses),
      fresh: now + fresh,
      stale: now + stale,
    });
    return addresses;
  }
}

/** DNS itself; without servers those of the system. */
export function dnsSource(servers: readonly string[]): AddressSource {
  const resolver = new dns.promises.Resolver({ timeout: limits.dnsMillis, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return {
    resolve4: (host) => resolver.resolve4(host, { ttl: true }),
    resolve6: (host) => resolver.resolve6(host, { ttl: true }),
  };
}
