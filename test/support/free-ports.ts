import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below those that Linux gives to outgoing connections and to listeners that ask for any port: nobody is given them by chance. */
const ports = { from: 20_000, below: 32_000 } as const;
const mostTries = 200;

/** Ports that are free now at an address, all different. Throws when none can be found. */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<readonly number[]> {
  const held: Server[] = [];
  for (let tries = 0; held.length < count && tries < mostTries; tries += 1) {
    const server = createServer();
    server.listen(randomInt(ports.from, ports.below), address);
    if (await listens(server)) held.push(server);
  }
  if (held.length < count) throw new Error(`no ${count} free ports at ${address}`);
  const found = held.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

export async function freePort(address?: string): Promise<number> {
  const [port = 0] = await freePorts(1, address);
  return port;
}

async function listens(server: Server): Promise<boolean> {
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  }
}
