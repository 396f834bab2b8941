// Load on a server of bytes (tcp-upstream.ts); the argument is TcpLoadOptions as JSON. Prints what it did as JSON: bytes received or connections
// served, and the seconds that it took.
import net from 'node:net';

export interface TcpLoadOptions {
  /** `bytes` receives on a few connections for `seconds`; `connections` opens a fixed number, one byte there and back on each. */
  readonly what: 'bytes' | 'connections';
  readonly port: number;
  readonly seconds: number;
}

export interface TcpLoadResult {
  readonly count: number;
  readonly seconds: number;
}

const streams = 4;
const concurrent = 16;
/** So few that the ports of connections just closed never run out. */
const connectionsPerSecond = 1500;

const { what, port, seconds } = JSON.parse(process.argv[2] ?? '') as TcpLoadOptions;
const begun = performance.now();
const count = what === 'bytes' ? await receive() : await open(Math.round(connectionsPerSecond * seconds));
const result: TcpLoadResult = { count, seconds: (performance.now() - begun) / 1000 };
process.stdout.write(JSON.stringify(result), () => process.exit(0));

function fail(error: Error): void {
  console.error(error.message);
  process.exit(1);
}

async function receive(): Promise<number> {
  let bytes = 0;
  const callback = (length: number): boolean => {
    bytes += length;
    return true;
  };
  const onread = { buffer: Buffer.alloc(256 * 1024), callback };
  for (let index = 0; index < streams; index++) {
    const socket = net.connect({ host: '127.0.0.1', port, onread }, () => socket.write('d'));
    socket.on('error', fail).on('end', () => fail(new Error('a stream ended early')));
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  if (bytes === 0) fail(new Error('nothing was received'));
  return bytes;
}

async function open(total: number): Promise<number> {
  let begunConnections = 0;
  const worker = async (): Promise<void> => {
    while (begunConnections < total) {
      begunConnections++;
      await roundTrip();
    }
  };
  await Promise.all(Array.from({ length: concurrent }, worker));
  return total;
}

function roundTrip(): Promise<void> {
  return new Promise((resolve) => {
    let received = 0;
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write('e'));
    socket.on('data', (bytes) => {
      received += bytes.length;
      socket.end();
    });
    socket.on('error', fail);
    socket.on('close', () => (received === 1 ? resolve() : fail(new Error('a connection was closed unanswered'))));
  });
}
