import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { findPort, transportOf } from '../../model/ports.ts';
import type { ServiceId } from '../../model/types.ts';
import type { TrafficSplit } from '../../smi/types.ts';
import { fieldOf, idOf, type LintSubject } from '../subject.ts';

/** Backends whose weights or ports hardly are what was meant. */
export function* oddBackends(subject: LintSubject): Iterable<Diagnostic> {
  for (const split of subject.input.splits) {
    yield* listedTwice(split, subject);
    yield* splitsNothing(split);
    yield* otherProtocols(split, subject);
  }
}

function* listedTwice(split: TrafficSplit, { serviceNamed }: LintSubject): Iterable<Diagnostic> {
  const first = new Map<string, number>();
  for (const [position, { service }] of split.backends.entries()) {
    const id = serviceNamed(service, split.meta.namespace) ?? service;
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, position);
    else {
      yield diagnostic('SMI4508', {
        message: `the backend ${service} is listed twice; its weights add up`,
        origin: fieldOf(split, 'spec', 'backends', position, 'service'),
        related: [fieldOf(split, 'spec', 'backends', earlier, 'service')],
      });
    }
  }
}

function* splitsNothing(split: TrafficSplit): Iterable<Diagnostic> {
  const positive = split.backends.filter(({ weight }) => weight > 0);
  const [only] = positive;
  if (split.backends.length < 2 || only === undefined || positive.length > 1) return;
  const message = `only ${only.service} has a positive weight: TrafficSplit ${idOf(split)} sends everything there`;
  yield diagnostic('SMI4509', { message, origin: fieldOf(split, 'spec', 'backends') });
}

function* otherProtocols(split: TrafficSplit, { model, serviceNamed }: LintSubject): Iterable<Diagnostic> {
  const service = (name: string) => {
    const id = serviceNamed(name, split.meta.namespace);
    return id === undefined || !Object.hasOwn(model.services, id) ? undefined : model.services[id as ServiceId];
  };
  const root = service(split.service);
  for (const [position, backend] of split.backends.entries()) {
    const ports = service(backend.service)?.ports ?? [];
    for (const { port, protocol } of root?.ports ?? []) {
      const other = findPort(ports, port, transportOf(protocol));
      if (other === undefined || other.protocol === protocol) continue;
      yield diagnostic('SMI4514', {
        message: `port ${port} is ${protocol.toUpperCase()} at the root ${split.service} and ${other.protocol.toUpperCase()} at the backend ${backend.service}`,
        origin: fieldOf(split, 'spec', 'backends', position, 'service'),
        related: [fieldOf(split, 'spec', 'service')],
      });
    }
  }
}
