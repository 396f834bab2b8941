// A bookstore that speaks gRPC: `shop.Bookstore/Sell` sells a book and says which version of the store sold it.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { methods } from './shop.mjs';

const version = process.env.VERSION ?? 'v1';
const server = new Server();
server.addService(methods, {
  Sell: (_call, answer) => answer(null, version),
});
server.bindAsync(`${process.env.HOST}:${process.env.PORT}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log(`bookstore ${version} is open`);
});
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
