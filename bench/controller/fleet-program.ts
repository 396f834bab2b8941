import type { FleetReport, FleetRequest, SimulatedProxy } from './fleet-messages.ts';
import { ProxyClient } from './proxy-client.ts';

/** Simulated proxies in a process of their own, so that the controller's costs are its own; talks to its parent (`Fleet`). */

/** Longer than a control plane that serves many works for one of them. */
const silenceMillis = 5_000;
/** The field of a weight is `08` in a wrapper of Envoy's, and a number of its own with our proxy: its digits say enough. */
let awaited: { readonly bytes: Buffer; readonly left: Set<string> } | undefined;
let bytesSince = 0;
let resourcesSince = 0;
let lastAt = 0;

process.on('message', (request: FleetRequest) => {
  if (request.kind === 'connect') connect(request.address, request.proxies);
  else expect(request.weight);
});
process.on('disconnect', () => process.exit(0));

let nodes: readonly string[] = [];

function connect(address: string, proxies: readonly SimulatedProxy[]): void {
  const began = performance.now();
  lastAt = began;
  nodes = proxies.map(({ node }) => node);
  const silent = new Set(nodes);
  for (const proxy of proxies) {
    new ProxyClient(address, proxy, {
      acknowledged: (bytes, resources) => {
        silent.delete(proxy.node);
        took(proxy.node, bytes, resources);
      },
      failed: (because) => tell({ kind: 'failed', because }),
    });
  }
  const timer = setInterval(() => {
    if (silent.size > 0 || performance.now() - lastAt < silenceMillis) return;
    clearInterval(timer);
    tell({ kind: 'loaded', seconds: (lastAt - began) / 1000, bytes: bytesSince, resources: resourcesSince });
  }, 50);
}

function expect(weight: number): void {
  bytesSince = 0;
  awaited = { bytes: varint(weight), left: new Set(nodes) };
  tell({ kind: 'expecting' });
}

function took(node: string, bytes: Buffer, resources: number): void {
  lastAt = performance.now();
  bytesSince += bytes.length;
  resourcesSince += resources;
  if (awaited === undefined || !awaited.left.has(node) || !bytes.includes(awaited.bytes)) return;
  awaited.left.delete(node);
  if (awaited.left.size > 0) return;
  awaited = undefined;
  tell({ kind: 'acknowledged', bytes: bytesSince });
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function tell(report: FleetReport): void {
  process.send?.(report);
}
