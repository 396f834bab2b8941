import { findPort, type Transport, transportOf } from '../model/ports.ts';
import type { CompileState, WorkloadFace } from './state.ts';

/** What is known of the ports at a destination. */
export interface PortSpace {
  /** Whether a pod of the destination has the container port. */
  readonly has: (port: number) => boolean;
  /** Container ports of the destination that Services reach by a Service port of this number. */
  readonly behind: (port: number) => ReadonlySet<number>;
  /** Without any pod nothing can be said of ports. */
  readonly empty: boolean;
}

export function portSpace(
  transport: Transport,
  destination: readonly WorkloadFace[],
  { reaching }: Pick<CompileState, 'reaching'>,
): PortSpace {
  return {
    has: (port) => destination.some(({ ports }) => findPort(ports, port, transport) !== undefined),
    behind: (port) =>
      new Set(
        destination.flatMap(({ id }) =>
          (reaching.get(id) ?? []).flatMap((reached) =>
            reached.port === port && transportOf(reached.protocol) === transport ? [reached.containerPort] : [],
          ),
        ),
      ),
    empty: destination.length === 0,
  };
}
