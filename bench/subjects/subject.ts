import type { Launch } from '../processes.ts';

/** What a subject is given to make its configuration from. */
export interface SubjectContext {
  /** A private folder for configuration files. */
  readonly folder: string;
  /** Where it must listen. */
  readonly port: number;
  /** A second free port, for subjects that need an admin address. */
  readonly adminPort: number;
  /** Where it must forward to. */
  readonly upstreamPort: number;
  /** The authority of every request, which subjects route by. */
  readonly host: string;
  readonly programs: { readonly haproxy: string; readonly envoy: string; readonly node: string };
}

/** One thing under test. `direct` has nothing to start: the load goes straight to the upstream. */
export interface Subject {
  readonly name: string;
  prepare(context: SubjectContext): Omit<Launch, 'name' | 'cores' | 'port'> | 'direct';
}
