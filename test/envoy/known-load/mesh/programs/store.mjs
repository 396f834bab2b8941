// Answers `/?id=ID&millis=MILLIS&code=CODE` so much later with this status, and tells on an address of its own how long each took by
// its own clock: `/taken`.
import { createServer } from 'node:http';

const { HOST, PORT, VERSION } = process.env;
const taken = {};

createServer((request, response) => {
  const began = performance.now();
  const query = new URL(request.url, 'http://store').searchParams;
  setTimeout(
    () => {
      // Before the last octet: whoever carries it is done later.
      if (query.has('id')) taken[query.get('id')] = performance.now() - began;
      response.writeHead(Number(query.get('code') ?? 200), { 'x-version': VERSION }).end('known\n');
    },
    Number(query.get('millis') ?? 0),
  );
}).listen(Number(PORT), HOST);

const control = createServer((_, response) => response.end(JSON.stringify(taken)));
control.listen(0, HOST, () => console.log(`control http://${HOST}:${control.address().port}`));
