// Calls URLS (with methods before them, `POST http://...`, where it is not GET) in turn, RATE times a second in all whatever becomes of earlier calls, without retries; counts what it gets, and
// tells the counts at port REPORT_PORT. `/reset` starts anew. ONE_CONNECTION_EACH=true opens a connection for each call.
import http from 'node:http';
import process from 'node:process';

const urls = process.env.URLS.split(',');
const rate = Number(process.env.RATE ?? 100);
const timeout = Number(process.env.TIMEOUT ?? 15_000);
const keepAlive = process.env.ONE_CONNECTION_EACH !== 'true';
const agent = new http.Agent({ keepAlive, maxSockets: 64 });

let counts = fresh();
let open = 0;

function fresh() {
  return { sent: 0, answers: {}, errors: {}, versions: {}, hosts: {} };
}

const time = () => new Date().toISOString().slice(11, 19);

function count(table, key) {
  table[key] = (table[key] ?? 0) + 1;
}

function call(url, into) {
  into.sent += 1;
  open += 1;
  const failed = (error) => {
    open -= 1;
    count(into.errors, `${time()} ${url} ${error.code ?? error.message}`);
  };
  const [address, method = 'GET'] = url.split(' ').toReversed();
  const request = http.request(address, { agent, timeout, method }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      if (body.length < 10_000) body += chunk;
    });
    response.on('error', failed);
    response.on('end', () => {
      open -= 1;
      count(into.answers, response.statusCode);
      if (response.statusCode >= 500) count(into.errors, `${time()} ${url} ${response.statusCode} ${body}`);
      const [, version] = /"version":"([^"]*)"/.exec(body) ?? [];
      if (version !== undefined) count(into.versions, version);
      const [, host] = /"host":"([^"]*)","version"/.exec(body) ?? [];
      if (host !== undefined) count(into.hosts, host);
    });
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', failed);
  request.end();
}

const started = performance.now();
let due = 0;
let next = 0;
setInterval(() => {
  const wanted = ((performance.now() - started) * rate) / 1000;
  // After a stall no more than a second's worth is made up for.
  if (wanted - due > rate) due = wanted - rate;
  for (; due < wanted; due += 1) call(urls[next++ % urls.length], counts);
}, 5);

http
  .createServer((request, response) => {
    const report = JSON.stringify({ ...counts, open, clock: Date.now() });
    if (request.url === '/reset') counts = fresh();
    response.end(`${report}\n`);
  })
  .listen(Number(process.env.REPORT_PORT ?? 8090), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
