/** Calls the gRPC service at `HOST:PORT` once and prints the answer, or the name of its status. */
import { Client, credentials, status } from '@grpc/grpc-js';
import { echo } from './echo.ts';

const { path, requestSerialize, responseDeserialize } = echo.say;
const client = new Client(process.argv[2] ?? '', credentials.createInsecure());
const deadline = new Date(Date.now() + 20_000);
client.makeUnaryRequest(path, requestSerialize, responseDeserialize, 'hello', { deadline }, (error, answer) => {
  console.log(error === null ? answer : status[error.code]);
  client.close();
});
