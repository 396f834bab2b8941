import type { Origin } from '../../../src/diagnostics/origin.ts';
import type { WorkloadPort } from '../../../src/model/types.ts';
import type { Message } from './message.ts';

/** What takes outbound connections. */
export interface EmittedListener {
  readonly listener: Message;
  /** The route configurations that it uses. */
  readonly routes: readonly Message[];
  /** What users wrote about what it does. */
  readonly origins: readonly Origin[];
}

/** What a sidecar does at one container port of its workload. */
export interface InboundPort {
  /** Of the listener, its route configuration and its numbers. */
  readonly name: string;
  readonly port: WorkloadPort;
  /** Whether plain callers are let in beside or instead of the others. */
  readonly tls: WorkloadPort['tls'];
  /** Filter chains for peers that prove an identity. */
  readonly proven: readonly Message[];
  /** Network filters for plain callers. */
  readonly plain: readonly Message[];
  /** Logs of connections, whoever opened them. */
  readonly accessLog: readonly Message[];
  /** That of the program, and others that are asked. */
  readonly clusters: readonly Message[];
  /** Of requests, and of flows of datagrams. */
  readonly routes?: Message;
}
