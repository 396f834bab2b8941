import { startEnvoyTelemetry } from '../../../../src/access-log/index.ts';
import { sidecarPorts } from '../../../../src/kubernetes/names.ts';

const [workload = '', socket = '', ...addresses] = process.argv.slice(2);
const loopback = '127.0.0.1';

// As the agent in a pod does.
await startEnvoyTelemetry({
  workload,
  socket,
  admin: { address: loopback, port: sidecarPorts.admin },
  envoy: { address: loopback, port: sidecarPorts.envoyAdmin },
  metrics: addresses.map((address) => ({ address, port: sidecarPorts.metrics })),
  log: (line) => process.stderr.write(`${workload} ${line}\n`),
});
