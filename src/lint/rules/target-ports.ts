import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { PodSpecObject } from '../../kubernetes/types.ts';
import { findPort } from '../../model/ports.ts';
import type { ServiceId, WorkloadId } from '../../model/types.ts';
import { fieldOf, idOf, type LintSubject } from '../subject.ts';

/** Service ports that lead to a number which no container of the pods behind it declares, though they declare others. */
export function* targetPorts({ input, model }: LintSubject): Iterable<Diagnostic> {
  const specs = new Map<string, PodSpecObject>(input.pods.map((pod) => [idOf(pod), pod.spec]));
  const templates = new Map(input.deployments.map((deployment) => [idOf(deployment), deployment.template.spec]));
  const specOf = (id: WorkloadId): PodSpecObject | undefined => {
    const workload = model.workloads[id];
    const owner = workload?.owners.find(({ kind }) => kind === 'Deployment')?.name;
    return specs.get(id) ?? (workload && owner ? templates.get(`${workload.namespace}/${owner}`) : undefined);
  };
  for (const service of input.services) {
    const ports = model.services[idOf(service) as ServiceId]?.ports ?? [];
    for (const [position, { port, protocol, targetPort }] of service.ports.entries()) {
      const targets = findPort(ports, port, protocol === 'UDP' ? 'udp' : 'tcp')?.targets ?? [];
      const missing = targets.find((target) => declaresOthers(specOf(target.workload), target.port));
      if (missing === undefined || typeof targetPort !== 'number') continue;
      const message = `no container of pod ${missing.workload} declares port ${missing.port}, to which port ${port} of Service ${idOf(service)} leads`;
      yield diagnostic('SMI4515', { message, origin: fieldOf(service, 'spec', 'ports', position, 'targetPort') });
    }
  }
}

function declaresOthers(spec: PodSpecObject | undefined, port: number): boolean {
  const declared = spec?.containers.flatMap(({ ports }) => ports.map(({ containerPort }) => containerPort)) ?? [];
  return declared.length > 0 && !declared.includes(port);
}
