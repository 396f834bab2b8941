import { createSocket } from 'node:dgram';
import { localAdminPort } from '../../../src/kubernetes/local-addressing.ts';
import type { Workload } from '../../../src/model/types.ts';
import type { Observation } from './exchange.ts';

const replyMillis = 10_000;
const pollMillis = 10;

/** Sends one datagram to a sidecar: answered by a program, or refused as the sidecar's own counters tell. */
export async function datagram(client: Workload, listen: { address: string; port: number }): Promise<Observation> {
  const before = await refusedFlows(client);
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
      if ((await refusedFlows(client)) > before) return { answer: 'dropped' };
      await new Promise((resolve) => setTimeout(resolve, pollMillis));
    }
    return { answer: 'refused', reason: 'neither a reply nor a refusal in time' };
  } finally {
    socket.close();
  }
}

async function refusedFlows({ addresses: [address] }: Workload): Promise<number> {
  const text = await (await fetch(`http://${address}:${localAdminPort}/metrics`)).text();
  const counts = [...text.matchAll(/^smi_udp_flows_total\{.*verdict="(?!forwarded)[a-z]+"\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
