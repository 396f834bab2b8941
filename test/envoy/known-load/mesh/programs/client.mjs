// Sends what it is told to, `[{id, millis, code}]`, some at a time, and answers what became of each: `POST /` of an address of its own.
import { Agent, createServer, request } from 'node:http';

const { HOST, PORT, STORE_SERVICE_HOST, STORE_SERVICE_PORT } = process.env;
const together = 6;
const agent = new Agent({ keepAlive: true, maxSockets: together });

function send({ id, millis, code }) {
  const path = `/?${new URLSearchParams({ id, millis, code })}`;
  const began = performance.now();
  return new Promise((resolve) => {
    const failed = (error) => resolve({ id, status: 0, error: error.message });
    request({ host: STORE_SERVICE_HOST, port: STORE_SERVICE_PORT, path, agent }, (response) => {
      response.resume();
      response.once('error', failed);
      response.once('end', () => {
        const version = response.headers['x-version'] ?? '';
        resolve({ id, status: response.statusCode, version, taken: performance.now() - began });
      });
    })
      .once('error', failed)
      .end();
  });
}

async function run(plan) {
  const turns = plan.values();
  const results = [];
  await Promise.all(
    Array.from({ length: together }, async () => {
      for (const each of turns) results.push(await send(each));
    }),
  );
  return results;
}

// Nobody calls it; an open port says that it is there.
createServer((_, response) => response.end()).listen(Number(PORT), HOST);

const control = createServer(async (incoming, response) => {
  const pieces = [];
  for await (const piece of incoming) pieces.push(piece);
  response.end(JSON.stringify(await run(JSON.parse(Buffer.concat(pieces)))));
});
control.listen(0, HOST, () => console.log(`control http://${HOST}:${control.address().port}`));
