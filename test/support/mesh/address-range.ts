import { createServer, type Server } from 'node:net';

/** The port that runs of the local mesh use as well, so that nobody shares a range of addresses. */
const lockPort = 15_099;
const firstBase = 32;
const lastBase = 231;

export interface AddressRange {
  /** Addresses are 127.BASE.x.y. */
  readonly base: number;
  release(): void;
}

/** Takes a range of loopback addresses that nobody else on this machine uses, from the top, where runs begin last. */
export async function takeAddressRange(): Promise<AddressRange> {
  for (let base = lastBase; base >= firstBase; base -= 1) {
    const server = await listen(`127.${base}.255.254`);
    if (server !== undefined) return { base, release: () => server.close() };
  }
  throw new Error('every range of loopback addresses is in use');
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.end('golden'));
    server.once('error', () => resolve(undefined));
    server.listen(lockPort, address, () => {
      server.unref();
      resolve(server);
    });
  });
}
