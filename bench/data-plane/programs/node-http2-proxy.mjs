// A straightforward reverse proxy on node:http2, prior knowledge on both sides. Arguments: port to listen on, port to forward to, the authority
// served.
import http2 from 'node:http2';

const [port, upstreamPort, authority] = process.argv.slice(2);
const upstream = http2.connect(`http://127.0.0.1:${upstreamPort}`);

const server = http2.createServer();
server.on('stream', (stream, headers) => {
  if (headers[':authority'] !== authority) {
    stream.respond({ ':status': 404 }, { endStream: true });
    return;
  }
  const forwarded = upstream.request(headers);
  let trailers;
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  forwarded.on('trailers', (received) => {
    trailers = received;
  });
  forwarded.on('response', (answer, flags) => {
    stream.respond(answer, {
      endStream: (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0,
      waitForTrailers: true,
    });
    forwarded.on('data', (bytes) => {
      if (!stream.write(bytes)) forwarded.pause();
    });
    stream.on('drain', () => forwarded.resume());
    forwarded.on('end', () => {
      trailers ??= {};
      stream.end();
    });
  });
  forwarded.on('error', () => stream.close());
  stream.on('error', () => forwarded.close());
  // What nobody reads any more would hold back the window of the connection that all requests share.
  stream.on('close', () => {
    forwarded.resume();
    if (!forwarded.closed) forwarded.close(http2.constants.NGHTTP2_CANCEL);
  });
  stream.pipe(forwarded);
});
server.listen(Number(port), '127.0.0.1');
