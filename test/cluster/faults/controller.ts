/** A replica of the controller with an authority in a folder, at one address: `KUBECONFIG ADDRESS STATE`. */
import { clusterDataPlanes } from '../../../src/cli/data-planes.ts';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import { startController } from '../../../src/control/cluster/controller.ts';
import { createLog } from '../../../src/control/cluster/log.ts';
import { createAuthority } from '../../../src/identity/authority.ts';
import { controllerPorts } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';

const [kubeconfig = '', address = '', stateDirectory = ''] = process.argv.slice(2);
const { trustDomain } = defaultCompileOptions;
const connected = await connect({ kubeconfig });
if (!connected.ok) throw new Error(connected.error.diagnostic.message);
await startController({
  connection: connected.value,
  compileOptions: defaultCompileOptions,
  svidLifetimeSeconds: 86_400,
  dataPlanes: clusterDataPlanes,
  namespace: 'smi-mesh-system',
  instance: `controller-${process.pid}`,
  stateDirectory,
  listen: { address, ads: controllerPorts.ads, health: 0, admin: 0, peers: 0, names: [] },
  prepare: async () => ({
    authority: await createAuthority({ trustDomain, stateDirectory }),
    tasks: [],
    missing: () => [],
    metrics: () => '',
    close: () => Promise.resolve(),
  }),
  log: createLog('info', (line) => process.stdout.write(line)),
});
