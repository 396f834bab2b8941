import { createInterface } from 'node:readline';
import { ChannelCredentials, Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { register, XdsChannelCredentials } from '@grpc/grpc-js-xds';

/** A gRPC client without a sidecar, with grpc-js; README.md says what it does. */

interface Question {
  readonly target: string;
  readonly method: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly calls: number;
}

const deadlineMillis = 20_000;

register();
const clients = new Map<string, Client>();

function clientOf(target: string): Client {
  let client = clients.get(target);
  if (client === undefined) {
    client = new Client(target, new XdsChannelCredentials(ChannelCredentials.createInsecure()));
    clients.set(target, client);
  }
  return client;
}

function call({ target, method, metadata }: Question): Promise<string> {
  const fields = new Metadata();
  for (const [name, value] of Object.entries(metadata)) fields.set(name, value);
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    clientOf(target).makeUnaryRequest(
      method,
      same,
      same,
      Buffer.alloc(0),
      fields,
      { deadline: Date.now() + deadlineMillis },
      (error: ServiceError | null, answer?: Buffer) => resolve(error === null ? String(answer) : String(error.code)),
    );
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as Question;
  const counts: Record<string, number> = {};
  for (let index = 0; index < question.calls; index += 1) {
    const answer = await call(question);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}
