import { once } from 'node:events';
import net from 'node:net';
import { BenchFailure } from '../../failure.ts';

const limitMillis = 10_000;
const megabyte = Buffer.alloc(1 << 20, 'echo me, byte for byte. ');

/** What every subject must do with bytes. Returns how many connections were made. */
export async function checkTcp(subject: string, port: number): Promise<number> {
  for (const bytes of [Buffer.from('e'), megabyte]) {
    const back = await sendAndEnd(port, bytes).catch((error: Error) => {
      throw new BenchFailure(`${subject}: a connection with ${bytes.length} bytes: ${error.message}`);
    });
    if (!back.equals(bytes)) {
      throw new BenchFailure(`${subject}: ${bytes.length} bytes went out and others, ${back.length}, came back`);
    }
  }
  return 2;
}

/** Ends our side with the last byte: what comes back must be complete nevertheless. */
async function sendAndEnd(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.setTimeout(limitMillis, () => socket.destroy(new Error('nothing came for 10 s')));
  socket.end(bytes);
  await once(socket, 'end');
  socket.destroy();
  return Buffer.concat(received);
}
