import { connect, createServer, type Server, type Socket } from 'node:net';
import { sidecarPorts } from '../kubernetes/names.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { ipv6Addresses } from './addresses.ts';
import type { InterceptionFault } from './apply.ts';
import { checkAddresses, type IpFamily } from './rules.ts';

const local: Readonly<Record<IpFamily, string>> = { 4: '127.0.0.1', 6: '::1' };
const attemptMillis = 2_000;

/**
 * Tries, without any privilege, whether connections are redirected in the network that this process is in: one to an address
 * that nobody has must arrive at the port of the sidecar, which must be free.
 */
export async function checkInterception(): Promise<Result<void, InterceptionFault>> {
  const families: readonly IpFamily[] = ipv6Addresses() === 'some' ? [4, 6] : [4];
  for (const family of families) {
    const found = await tryFamily(family);
    if (found === 'port-taken') {
      return err({
        message: `port ${sidecarPorts.outbound} is in use, so that nothing can be tried`,
        hint: 'Try before the sidecar runs: in an init container ahead of it.',
      });
    }
    // In a network without IPv4 there is no way to anywhere by it.
    if (found === 'redirected' || (found === 'no-route' && families.length > 1 && family === 4)) continue;
    return err({
      message: `IPv${family}: connections of this pod are not redirected to its sidecar`,
      hint: 'The CNI plug-in of smi-mesh did not run for this pod. Check its DaemonSet on this node, then delete the pod.',
    });
  }
  return ok(undefined);
}

async function tryFamily(family: IpFamily): Promise<'redirected' | 'no-route' | 'other' | 'port-taken'> {
  const greeting = `redirected ${process.pid}\n`;
  const server = createServer((socket) => socket.on('error', () => {}).end(greeting));
  if (!(await listens(server, local[family]))) return 'port-taken';
  try {
    return await answerFrom(connect({ host: checkAddresses[family], port: sidecarPorts.health }), greeting);
  } finally {
    server.close();
  }
}

function listens(server: Server, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen({ port: sidecarPorts.outbound, host }, () => resolve(true));
  });
}

function answerFrom(socket: Socket, greeting: string): Promise<'redirected' | 'no-route' | 'other'> {
  return new Promise((resolve) => {
    let text = '';
    let unreachable = false;
    socket.setTimeout(attemptMillis, () => socket.destroy());
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      unreachable = error.code === 'ENETUNREACH' || error.code === 'EHOSTUNREACH';
    });
    socket.on('close', () => resolve(text === greeting ? 'redirected' : unreachable ? 'no-route' : 'other'));
  });
}
