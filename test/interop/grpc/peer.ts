/** The peer in JavaScript; README.md says what it does. */
import { createInterface } from 'node:readline';
import {
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js';

const bytes = (value: Buffer): Buffer => value;
const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

function serve(address: string): void {
  let cancelled = 0;
  const first = (metadata: Metadata, name: string) => metadata.get(name)[0];
  /** Sends the metadata of the start; the result is that of the end. */
  const begin = (call: { metadata: Metadata; sendMetadata(metadata: Metadata): void }): Metadata => {
    const echo = first(call.metadata, 'x-echo');
    const initial = new Metadata();
    if (echo !== undefined) {
      initial.set('x-echo', echo);
      call.sendMetadata(initial);
    }
    const trailing = new Metadata();
    const binary = first(call.metadata, 'x-echo-bin');
    if (binary !== undefined) trailing.set('x-echo-bin', binary);
    return trailing;
  };
  const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
    path: `/interop.Echo/${path}`,
    requestStream,
    responseStream,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  });
  const server = new Server(options);
  server.addService(
    {
      Unary: method('Unary', false, false),
      Cancelled: method('Cancelled', false, false),
      Collect: method('Collect', true, false),
      Produce: method('Produce', false, true),
      Chat: method('Chat', true, true),
    },
    {
      Unary(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        const trailing = begin(call);
        const status = first(call.metadata, 'x-status');
        const size = first(call.metadata, 'x-size');
        if (first(call.metadata, 'x-wait') !== undefined) {
          call.on('cancelled', () => {
            cancelled += 1;
          });
        } else if (status !== undefined) {
          answer({ code: Number(status), details: call.request.toString() });
        } else {
          answer(null, size === undefined ? call.request : Buffer.alloc(Number(size), 'x'), trailing);
        }
      },
      Cancelled(_: unknown, answer: sendUnaryData<Buffer>) {
        answer(null, Buffer.from(String(cancelled)));
      },
      Collect(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        let count = 0;
        let octets = 0;
        call.on('data', (message: Buffer) => {
          count += 1;
          octets += message.length;
        });
        call.on('end', () => answer(null, Buffer.from(`${count}:${octets}`)));
      },
      async Produce(call: ServerWritableStream<Buffer, Buffer>) {
        const [count = 0, size = 0] = call.request.toString().split(' ').map(Number);
        for (let sent = 0; sent < count && !call.cancelled; sent++) {
          const more = call.write(Buffer.alloc(size, 'x'));
          if (!more) await new Promise((resolve) => call.once('drain', resolve));
        }
        const status = first(call.metadata, 'x-status');
        if (status === undefined) call.end();
        else call.emit('error', { code: Number(status), details: 'nö' });
      },
      Chat(call: ServerDuplexStream<Buffer, Buffer>) {
        begin(call);
        call.on('data', (message: Buffer) => call.write(message));
        call.on('end', () => {
          if (first(call.metadata, 'x-wait') === undefined) call.end();
        });
        call.on('error', () => {});
        call.on('cancelled', () => {
          cancelled += 1;
        });
      },
    },
  );
  server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
    if (error !== null) throw error;
    console.log('ready');
  });
  process.stdin.on('end', () => process.exit(0)).resume();
  process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
}

interface Result {
  readonly code: number;
  readonly message: string;
  readonly body: Buffer;
  readonly initial: Metadata;
  readonly trailing: Metadata;
}

type Fields = Readonly<Record<string, string | Buffer>>;

class Peer {
  readonly #client: Client;

  constructor(target: string, authority: string) {
    this.#client = new Client(target, credentials.createInsecure(), {
      ...options,
      'grpc.default_authority': authority,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  unary(method: string, body: string | Buffer, fields: Fields = {}, deadline = 20_000): Promise<Result> {
    return new Promise((resolve) => {
      let initial = new Metadata();
      let end = { code: 0, details: '', metadata: new Metadata() };
      let answer = Buffer.alloc(0);
      const call: ClientUnaryCall = this.#client.makeUnaryRequest(
        `/interop.Echo/${method}`,
        bytes,
        bytes,
        Buffer.from(body),
        metadataOf(fields),
        { deadline: Date.now() + deadline },
        (error: ServiceError | null, value?: Buffer) => {
          if (value !== undefined) answer = Buffer.from(value);
          if (error !== null) end = { code: error.code, details: error.details, metadata: error.metadata };
          setImmediate(() =>
            resolve({ code: end.code, message: end.details, body: answer, initial, trailing: end.metadata }),
          );
        },
      );
      call.on('metadata', (metadata: Metadata) => {
        initial = metadata;
      });
      call.on('status', (status) => {
        end = status;
      });
    });
  }

  collect(messages: readonly Buffer[]): Promise<string> {
    return new Promise((resolve) => {
      const call = this.#client.makeClientStreamRequest(
        '/interop.Echo/Collect',
        bytes,
        bytes,
        (error: ServiceError | null, value?: Buffer) => resolve(error === null ? String(value) : String(error.code)),
      );
      for (const message of messages) call.write(message);
      call.end();
    });
  }

  produce(request: string, fields: Fields = {}) {
    return this.#client.makeServerStreamRequest(
      '/interop.Echo/Produce',
      bytes,
      bytes,
      Buffer.from(request),
      metadataOf(fields),
    );
  }

  chat(fields: Fields = {}) {
    return this.#client.makeBidiStreamRequest('/interop.Echo/Chat', bytes, bytes, metadataOf(fields));
  }

  /** Counts what a server sends; `pause` runs after the first message, before any other is read. */
  async drain(request: string, fields: Fields = {}, pause?: () => Promise<void>) {
    const call = this.produce(request, fields);
    let count = 0;
    let octets = 0;
    const end = new Promise<{ code: number; message: string }>((resolve) => {
      call.on('error', () => {});
      call.on('status', ({ code, details }) => resolve({ code, message: details }));
    });
    call.on('data', (message: Buffer) => {
      count += 1;
      octets += message.length;
      if (count !== 1 || pause === undefined) return;
      call.pause();
      void pause().then(() => call.resume());
    });
    return { ...(await end), count, octets };
  }

  async cancelledSince(before: number): Promise<boolean> {
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      if ((await this.cancelled()) > before) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return false;
  }

  async cancelled(): Promise<number> {
    return Number((await this.unary('Cancelled', '')).body);
  }
}

function metadataOf(fields: Fields): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
const sentence = 'nö: 100% of\nthis "works"';

const scenarios: Readonly<Record<string, (peer: Peer) => Promise<unknown>>> = {
  async unary(peer) {
    const { code, message, body } = await peer.unary('Unary', 'hello');
    return [code, code === 0 ? '' : message, String(body)];
  },
  async empty(peer) {
    const { code, body } = await peer.unary('Unary', '');
    return [code, body.length];
  },
  async metadata(peer) {
    const result = await peer.unary('Unary', 'x', { 'x-echo': 'a b;c', 'x-echo-bin': everyOctet });
    const binary = result.trailing.get('x-echo-bin')[0];
    return [result.code, result.initial.get('x-echo')[0], Buffer.from(binary ?? '').equals(everyOctet)];
  },
  async statuses(peer) {
    const results: unknown[] = [];
    for (let code = 1; code <= 16; code++) {
      const result = await peer.unary('Unary', sentence, { 'x-status': String(code) });
      results.push(result.message === sentence ? result.code : [result.code, result.message]);
    }
    return results;
  },
  async 'status after metadata'(peer) {
    const { code, message, initial } = await peer.unary('Unary', 'no', { 'x-status': '5', 'x-echo': 'a' });
    return [code, message, initial.get('x-echo')[0]];
  },
  async 'unknown method'(peer) {
    return (await peer.unary('Nothing', '')).code;
  },
  collect: (peer) => peer.collect(Array.from({ length: 100 }, () => Buffer.alloc(1_000))),
  async produce(peer) {
    const { code, count, octets } = await peer.drain('100 1000');
    return [code, count, octets];
  },
  async 'status after messages'(peer) {
    const { code, count, message } = await peer.drain('2 10', { 'x-status': '9' });
    return [code, count, message];
  },
  async chat(peer) {
    const call = peer.chat();
    let turns = 0;
    const end = new Promise<number>((resolve) => {
      call.on('status', ({ code }) => resolve(code));
      call.on('error', () => {});
    });
    call.on('data', (message: Buffer) => {
      if (String(message) === `turn ${turns}`) turns += 1;
      if (turns === 50) call.end();
      else call.write(Buffer.from(`turn ${turns}`));
    });
    call.write(Buffer.from('turn 0'));
    return [await end, turns];
  },
  async deadline(peer) {
    const before = await peer.cancelled();
    const { code } = await peer.unary('Unary', '', { 'x-wait': '1' }, 200);
    return [code, await peer.cancelledSince(before)];
  },
  async cancel(peer) {
    const before = await peer.cancelled();
    const call = peer.chat({ 'x-wait': '1' });
    const end = new Promise<number>((resolve) => {
      call.on('status', ({ code }) => resolve(code));
      call.on('error', () => {});
    });
    call.on('data', () => call.cancel());
    call.write(Buffer.from('one'));
    return [await end, await peer.cancelledSince(before)];
  },
  async large(peer) {
    const { code, body } = await peer.unary('Unary', Buffer.alloc(4_000_000, 'y'), { 'x-size': '4000000' });
    return [code, body.length];
  },
  async concurrent(peer) {
    const calls = Array.from({ length: 100 }, (_, index) => peer.unary('Unary', `call ${index}`));
    const right = (await Promise.all(calls)).filter(({ body }, index) => String(body) === `call ${index}`);
    return right.length;
  },
  async 'slow reader'(peer) {
    let others = 0;
    const { code, count, octets } = await peer.drain('100 50000', {}, async () => {
      for (let call = 0; call < 20; call++) if ((await peer.unary('Unary', 'hello')).code === 0) others += 1;
    });
    return [code, count, octets, others];
  },
};

async function ask(): Promise<void> {
  const peers = new Map<string, Peer>();
  for await (const line of createInterface({ input: process.stdin })) {
    const { target, authority, scenario } = JSON.parse(line);
    const key = `${target} ${authority}`;
    const peer = peers.get(key) ?? new Peer(target, authority);
    peers.set(key, peer);
    console.log(JSON.stringify((await scenarios[scenario]?.(peer)) ?? null));
  }
  process.exit(0);
}

const [role, address = ''] = process.argv.slice(2);
if (role === 'server') serve(address);
else await ask();
