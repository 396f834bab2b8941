import { createSocket } from 'node:dgram';
import type { MeshModel } from '../../../src/model/types.ts';

/** The world outside the mesh, as a case sees it: every host below this name has one address, where programs answer. */
const outsideDomain = '.outside.test';
const dnsPort = 5353;

/** Where hosts outside the mesh are, and the DNS server that says so; beside the pods of the model. */
export function outsideOf(model: MeshModel): {
  readonly address: string;
  readonly dns: { address: string; port: number };
} {
  const pod = Object.values(model.workloads).find(({ addresses }) => addresses.length > 0)?.addresses[0];
  const [first, base] = (pod ?? '127.0.0.1').split('.');
  return { address: `${first}.${base}.250.1`, dns: { address: `${first}.${base}.250.2`, port: dnsPort } };
}

/** A program for each port of a host outside the mesh that a Service stands for; it says the host's name. */
export function outsidePrograms(model: MeshModel) {
  const found = Object.values(model.services).flatMap(({ externalName, ports }) =>
    externalName?.endsWith(outsideDomain)
      ? ports.map(({ port, protocol }) => ({ name: externalName, port, protocol }))
      : [],
  );
  return [...new Map(found.map((program) => [program.port, program])).values()];
}

/** A DNS server that knows the hosts below `outsideDomain`, by one A record each (RFC 1035), and no other name. */
export async function startDns(model: MeshModel): Promise<() => Promise<void>> {
  const { address, dns } = outsideOf(model);
  const socket = createSocket('udp4');
  socket.on('message', (question, { address: from, port }) => socket.send(answer(question, address), port, from));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(dns.port, dns.address, resolve);
  });
  return () => new Promise((resolve) => socket.close(() => resolve()));
}

const headerBytes = 12;
const typeA = 1;

function answer(question: Buffer, address: string): Buffer {
  let end = headerBytes;
  const labels: string[] = [];
  for (let length = question[end] ?? 0; length > 0; length = question[end] ?? 0) {
    labels.push(question.toString('latin1', end + 1, end + 1 + length));
    end += length + 1;
  }
  const name = labels.join('.').toLowerCase();
  const type = question.readUInt16BE(end + 1);
  const known = name.endsWith(outsideDomain);
  const records = known && type === typeA ? 1 : 0;
  const header = Buffer.from(question.subarray(0, headerBytes));
  // A response, recursion available; 3 is "no such name".
  header.writeUInt16BE(0x8180 | (known ? 0 : 3), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records, 6);
  header.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question.subarray(headerBytes, end + 5), ...(records > 0 ? [record] : [])]);
}
