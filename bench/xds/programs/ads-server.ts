// Our ADS server over a fixture; one view for all clients. `node ads-server.ts FIXTURE PORT
// [CERTIFICATE,KEY,AUTHORITY]`; the lines on standard input and output are those of the server in Go (../go/server.go).
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createView, createXdsServer, type XdsResource } from '../../../src/xds/index.ts';
import { readFixture, servedTypes } from '../fixture-file.ts';

const [path = '', port = '', identity] = process.argv.slice(2);
const [certificateChain = '', privateKey = '', trustBundle = ''] = (identity?.split(',') ?? []).map((file) =>
  readFileSync(file, 'utf8'),
);
const variants = new Map<string, XdsResource>();
const first: XdsResource[] = [];
for (const { variant, resource } of readFixture(path)) {
  variants.set(`${resource.typeUrl} ${resource.name} ${variant}`, resource);
  if (variant === 'a') first.push(resource);
}
const view = createView(first);

const acks = new Map<string, number>(servedTypes.map((typeUrl) => [typeUrl, 0]));
let awaited: { readonly typeUrl: string; readonly total: number; readonly began: number } | undefined;

await createXdsServer({
  address: '127.0.0.1',
  port: Number(port),
  typeOrders: [servedTypes],
  tls: identity === undefined ? 'insecure' : { certificateChain, privateKey, trustBundle },
  authorize: () => true,
  viewOf: () => view,
  // Changes follow one another as fast as they are acknowledged.
  limits: { maxRequestsPerSecond: 100_000 },
  onEvent(event) {
    if (event.kind === 'nack') throw new Error(`refused: ${event.detail}`);
    if (event.kind !== 'ack') return;
    const count = (acks.get(event.typeUrl) ?? 0) + 1;
    acks.set(event.typeUrl, count);
    if (awaited === undefined || awaited.typeUrl !== event.typeUrl || awaited.total !== count) return;
    console.log(Math.round((performance.now() - awaited.began) * 1000));
    awaited = undefined;
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const [index = '', name, variant, total] = line.split(' ');
  const typeUrl = servedTypes[Number(index)] ?? '';
  const resource = variants.get(`${typeUrl} ${name} ${variant}`);
  if (resource === undefined) throw new Error(`no variant ${variant} of ${name}`);
  awaited = { typeUrl, total: Number(total), began: performance.now() };
  view.update({ set: [resource] });
}
process.exit();
