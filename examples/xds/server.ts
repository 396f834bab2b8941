// An ADS server for resources of one's own. Every line that is typed becomes the greeting of all clients.
import { createInterface } from 'node:readline';
import { createView, createXdsServer, resourceVersion, type XdsResource } from 'smi-mesh/xds';

const typeUrl = 'type.googleapis.com/google.protobuf.StringValue';

/** A resource is a name, the bytes of its message, and a version made from them. */
function text(name: string, value: string): XdsResource {
  const content = Buffer.from(value.slice(0, 40));
  const body = Buffer.from([0x0a, content.length, ...content]);
  return { typeUrl, name, version: resourceVersion(body), body };
}

const view = createView([text('greeting', 'hello'), text('farewell', 'goodbye')]);

const server = await createXdsServer({
  address: '127.0.0.1',
  port: Number(process.env.PORT ?? 0),
  typeOrders: [[typeUrl]],
  tls: 'insecure',
  authorize: () => true,
  viewOf: ({ id }) => (id.startsWith('example/') ? view : undefined),
  onEvent(event) {
    if (event.kind === 'sent') console.log(`${event.node} is sent ${event.resources.join(', ')}`);
    if (event.kind === 'settled') console.log(`${event.node} has everything`);
    if (event.kind === 'nack') console.log(`${event.node} refused ${event.names.join(', ')}: ${event.detail}`);
  },
});
console.log(`ADS at 127.0.0.1:${server.port}`);

for await (const line of createInterface({ input: process.stdin })) view.update({ set: [text('greeting', line)] });
await server.close();
