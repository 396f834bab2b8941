import type { Launch } from '../../processes.ts';
import type { Identities } from '../identities.ts';

/** What a subject is given to make its configuration from. */
export interface SubjectContext {
  /** A private folder for configuration files. */
  readonly folder: string;
  /** Where clients connect to. */
  readonly port: number;
  /** For the connection between the two of a pair. */
  readonly betweenPort: number;
  /** Free ports for admin addresses. */
  readonly adminPorts: readonly [number, number];
  /** Where it must forward to. */
  readonly upstreamPort: number;
  /** The authority of every request, which subjects route by. */
  readonly host: string;
  readonly identities: Identities;
  readonly programs: { readonly haproxy: string; readonly envoy: string; readonly node: string };
}

export type SubjectProcess = Omit<Launch, 'name' | 'cores'>;

/** One thing under test, of one process or two. Without any (`direct`) the load goes straight to the upstream. */
export interface Subject {
  readonly name: string;
  prepare(context: SubjectContext): readonly SubjectProcess[];
}

/** No proxy: what the load generator and the upstream can do. */
export const direct: Subject = { name: 'direct', prepare: () => [] };
