// A server of bytes on the given port. A connection whose first byte is `d` gets bytes as fast as it takes them; any other gets back what
// it sends, and its end after that.
import net from 'node:net';

const block = Buffer.alloc(64 * 1024, 'b');

const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.once('data', (first) => {
    if (first[0] === 'd'.charCodeAt(0)) {
      const pour = (): void => {
        while (socket.writable && socket.write(block));
      };
      socket
        .on('drain', pour)
        .on('end', () => socket.destroy())
        .resume();
      pour();
      return;
    }
    socket.write(first);
    socket.pipe(socket);
  });
});

server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
