import { Duplex, PassThrough, Writable } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import { err, ok, type Result } from '../lib/result.ts';
import type { StreamingConnection } from './connect.ts';
import { type ClusterFault, fault, sentence } from './fault.ts';

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

const openTimeout = 15_000;

/** A connection to a port of a pod, through the apiserver; it reaches ports of the pod's loopback interface too. */
export async function portForward(
  connection: StreamingConnection,
  { namespace, pod, port }: PodPort,
): Promise<Result<Duplex, ClusterFault>> {
  const toPod = new PassThrough();
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => {
      toPod.write(chunk, done);
    },
    final: (done) => {
      toPod.end(done);
    },
  });
  const fromPod = new Writable({
    write: (chunk, _, done) => {
      duplex.push(chunk);
      done();
    },
  });
  let complaint: Error | undefined;
  let handedOver = false;
  const complaints = new Writable({
    write: (chunk, _, done) => {
      // The first message of the channel is the number of the port, which the library leaves empty.
      if (chunk.length > 0) {
        complaint = new Error(String(chunk));
        if (handedOver) duplex.destroy(complaint);
      }
      done();
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${openTimeout / 1000} s`)), openTimeout);
  });
  const forwarding = new PortForward(connection.config).portForward(namespace, pod, [port], fromPod, complaints, toPod);
  try {
    const socket = await Promise.race([forwarding, late]);
    if (typeof socket === 'function') throw new Error('the connection is of an unexpected kind');
    socket.onclose = () => {
      if (!duplex.destroyed) duplex.push(null);
    };
    duplex.once('close', () => socket.close());
    if (complaint !== undefined) throw complaint;
    handedOver = true;
    return ok(duplex);
  } catch (error) {
    // Whoever comes late is not wanted any more.
    forwarding.then((socket) => typeof socket !== 'function' && socket.close()).catch(() => undefined);
    duplex.destroy();
    return err(fault(`port ${port} of pod ${namespace}/${pod} cannot be reached: ${causeOf(error)}`));
  } finally {
    clearTimeout(timer);
  }
}

/** The WebSocket library reports an event that carries the message. */
function causeOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  return typeof message === 'string' && message !== '' ? message : sentence(error);
}
