/**
 * Requests at a steady rate, without retries: `URL RATE`. Prints each second as JSON how many have got which answer so far: the
 * status, with the first word of what a 200 says, or the error.
 */
import { Agent, get } from 'node:http';

const [url = '', rate = '1'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const counts: Record<string, number> = {};

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

setInterval(() => {
  const request = get(url, { agent, timeout: 20_000 }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', ({ message }) => count(`error ${message}`));
    response.on('end', () =>
      count(response.statusCode === 200 ? `200 ${text.split(' ')[0]}` : `${response.statusCode}`),
    );
  });
  request.on('timeout', () => request.destroy(new Error('no answer in 20 s')));
  request.on('error', ({ message }) => count(`error ${message}`));
}, 1_000 / Number(rate));
setInterval(() => console.log(JSON.stringify(counts)), 1_000);
