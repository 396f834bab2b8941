/**
 * Opens connections one after the other, some at a time, each for one request. Arguments: address, port, how many. Prints how
 * many were not answered by 200.
 */
import { connect } from 'node:net';

const [host = '', port = '', count = ''] = process.argv.slice(2);
const atATime = 32;
const request = 'GET /books HTTP/1.1\r\nHost: web.default\r\nConnection: close\r\n\r\n';

function one(): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port: Number(port) }, () => socket.write(request));
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', () => {});
    socket.setTimeout(30_000, () => socket.destroy());
    socket.on('close', () => resolve(text.startsWith('HTTP/1.1 200 ')));
  });
}

let left = Number(count);
let failed = 0;
await Promise.all(
  Array.from({ length: atATime }, async () => {
    while (left-- > 0) if (!(await one())) failed += 1;
  }),
);
console.log(failed);
