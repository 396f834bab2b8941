import { parseArgs } from 'node:util';
import { parseDuration } from '../../../src/lib/duration.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { Random } from '../../fuzz/random.ts';
import { envoyBinary } from '../../support/envoy.ts';
import { takeAddressRange } from '../../support/mesh/address-range.ts';
import { createCredentials } from '../../support/mesh/credentials.ts';
import { Fleet, resourcesOf } from '../support/fleet.ts';
import type { Slot } from '../support/slot.ts';
import { Load } from './load.ts';
import { SoakMesh, serverPods } from './mesh.ts';
import { Servers } from './servers.ts';

/** `npm run soak:envoy`: random changes while a client sends requests that must all be answered. */
const { values } = parseArgs({
  options: {
    duration: { type: 'string', default: '10m' },
    rate: { type: 'string', default: '550' },
    every: { type: 'string', default: '1s' },
    variant: { type: 'string', default: 'delta' },
    retries: { type: 'string', default: 'on' },
    seed: { type: 'string', default: '20261127' },
  },
});
const durationMillis = parseDuration(values.duration) ?? 600_000;
const everyMillis = parseDuration(values.every) ?? 1_000;
const variant = values.variant === 'sotw' ? 'sotw' : 'delta';
const { path: binary, reason } = envoyBinary();
if (binary === undefined) {
  console.error(`no Envoy: ${reason}`);
  process.exit(3);
}

const range = await takeAddressRange();
const credentials = await createCredentials();
const fleet = await Fleet.start(binary, range.base, variant, ['--drain-time-s', '5', '--drain-strategy', 'gradual']);
const mesh = new SoakMesh(new Random(Number(values.seed)), range.base, values.retries !== 'off');
const servers = new Servers();
const sidecars = ['web', ...serverPods.filter(({ sidecar }) => sidecar).map(({ name }) => name)];
const changes = new Map<string, number>();
const history: { readonly at: number; readonly kind: string }[] = [];

async function publish(model: MeshModel): Promise<readonly Slot[]> {
  return Promise.all(
    sidecars.map(async (name) => {
      const id = `default/${name}` as WorkloadId;
      const { identity, addresses } = model.workloads[id]!;
      const slot = fleet.slot(addresses[0]!);
      slot.serve(resourcesOf(model, id, await credentials.issued(identity)));
      return slot;
    }),
  );
}

const first = mesh.model();
await servers.follow(first, mesh.ready);
const slots = await publish(first);
await Promise.all(slots.map((slot) => slot.ready()));
await Promise.all(slots.map((slot) => slot.settled()));
const client = first.workloads['default/web' as WorkloadId]!;
const bindings = client.outbound === 'intercepted' ? [] : client.outbound;
const listen = bindings.find(({ service }) => service === 'default/shop')!.listen;
const load = new Load(listen.address, listen.port, 16);
load.start(Number(values.rate));

const begun = performance.now();
while (performance.now() - begun < durationMillis) {
  await new Promise((resolve) => setTimeout(resolve, everyMillis));
  const kind = mesh.change(servers.idle);
  const model = mesh.model();
  await servers.follow(model, mesh.ready);
  await publish(model);
  changes.set(kind, (changes.get(kind) ?? 0) + 1);
  history.push({ at: performance.now(), kind });
}
const seconds = (performance.now() - begun) / 1000;
await load.stop();
const stats = await slots[0]!.stats('^cluster.*(upstream_rq_retry|upstream_rq_retry_success)$');
const retries = Object.entries(stats).filter(([name]) => name.endsWith('upstream_rq_retry'));
const times = load.times;
const quantile = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
const rate = load.answered / seconds;
const nacks = fleet.events.filter(({ kind }) => kind === 'nack').length;

console.log(`Envoy over ADS (${variant}), ${seconds.toFixed(0)} s, seed ${values.seed}`);
console.log(
  `changes: ${history.length} (${[...changes]
    .sort()
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')})`,
);
console.log(`requests: ${load.answered}, ${rate.toFixed(0)} a second, failed: ${load.failures.length}`);
console.log(`milliseconds: p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, most ${quantile(1)}`);
console.log(
  `tried again by the mesh: ${retries.reduce((sum, [, count]) => sum + count, 0)}; refused configuration: ${nacks}`,
);
for (const { at, what } of load.failures.slice(0, 20)) {
  const before = history.findLast((change) => change.at <= at);
  console.log(
    `failed: ${what}, ${before === undefined ? 'at first' : `${(at - before.at).toFixed(0)} ms after ${before.kind}`}`,
  );
}
servers.stop();
await fleet.stop();
range.release();
// A machine that is busy with something else may not reach the rate; that alone is not a failed request.
const enough = history.length >= (seconds / 60) * 30;
process.exit(load.failures.length === 0 && nacks === 0 && enough ? 0 : 1);
