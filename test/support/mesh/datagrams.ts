import { createSocket } from 'node:dgram';
import type { Observation } from './exchange.ts';

const replyMillis = 10_000;
const pollMillis = 10;

/** Sends one datagram to a sidecar: answered by a program, or refused as the sidecar's own counters tell. */
export async function datagram(
  refusedFlows: () => Promise<number>,
  listen: { address: string; port: number },
): Promise<Observation> {
  const before = await refusedFlows();
  const socket = createSocket('udp4');
  try {
    let reply: string | undefined;
    socket.on('message', (bytes) => {
      reply = bytes.toString();
    });
    socket.on('error', () => {});
    socket.send('who are you?', listen.port, listen.address);
    const end = Date.now() + replyMillis;
    while (Date.now() < end) {
      if (reply !== undefined) return { answer: 'delivered', workload: reply };
      if ((await refusedFlows()) > before) return { answer: 'dropped' };
      await new Promise((resolve) => setTimeout(resolve, pollMillis));
    }
    return { answer: 'refused', reason: 'neither a reply nor a refusal in time' };
  } finally {
    socket.close();
  }
}
