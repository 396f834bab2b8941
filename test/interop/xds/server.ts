import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';

/** A gRPC server that answers every call with its own name: `VERSION` where it has one, otherwise its pod's. */
const name = Buffer.from(process.env.VERSION ?? process.env.POD_NAME ?? '');
const bytes = (message: Buffer) => message;
const methods = ['/shop.Books/Get', '/shop.Books/Put'];

/** A call with `x-wait` is left unanswered. */
function answer({ metadata }: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void {
  if (metadata.get('x-wait').length === 0) respond(null, name);
}

const server = new Server();
server.addService(
  Object.fromEntries(
    methods.map((path) => [
      path,
      {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    ]),
  ),
  Object.fromEntries(methods.map((path) => [path, answer])),
);
server.bindAsync(`${process.env.HOST}:${process.env.PORT}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
