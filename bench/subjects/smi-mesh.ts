import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/lib/package-root.ts';
import type { Subject, SubjectContext } from './subject.ts';

const typeUrl = (name: string): string => `type.googleapis.com/smi.proxy.v1.${name}`;
const service = 'bench/upstream:80';

/** Our proxy as it is built for users, with static configuration: one outbound HTTP listener, metrics on. */
export const smiMesh: Subject = {
  name: 'smi-mesh',
  prepare(context) {
    const file = join(context.folder, 'smi-mesh.json');
    writeFileSync(file, JSON.stringify(bootstrap(context)));
    return {
      command: context.programs.node,
      args: [join(packageRoot(), 'dist/smi-cli.mjs'), 'proxy', '--bootstrap', file],
    };
  },
};

function bootstrap({ port, adminPort, upstreamPort, host }: SubjectContext): unknown {
  const weighted = { targets: [{ endpoints: service, weight: 1 }] };
  return {
    node: 'bench/client',
    admin: { address: '127.0.0.1', port: adminPort },
    resources: [
      {
        typeUrl: typeUrl('Workload'),
        name: 'bench/client',
        identity: 'spiffe://cluster.local/ns/bench/sa/client',
        namespace: 'bench',
        outbound: [{ address: '127.0.0.1', port, protocol: 'HTTP', services: [service] }],
      },
      {
        typeUrl: typeUrl('OutboundService'),
        name: service,
        protocol: 'HTTP',
        port: 80,
        hosts: [host],
        shortName: 'upstream',
        namespace: 'bench',
        rules: [{ weighted }],
      },
      {
        typeUrl: typeUrl('Endpoints'),
        name: service,
        endpoints: [{ address: '127.0.0.1', port: upstreamPort, workload: 'bench/upstream', ready: true }],
      },
    ],
  };
}
