import type { Identities } from './identities.ts';
import type { Contender } from './measure.ts';
import type { Percentiles } from './percentiles.ts';
import type { Subject } from './subjects/subject.ts';
import type { Upstream } from './upstreams/upstream.ts';

export const scenarioNames = ['http1', 'http1-mtls', 'http2', 'grpc', 'tcp', 'tls'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What a scenario is given to start servers and to make load. */
export interface Bench {
  /** A private folder. */
  readonly folder: string;
  readonly nginx: string;
  readonly h2load: string;
  readonly taskset: string;
  /** Of everything but the proxies, as `taskset -c` takes it. */
  readonly cores: string;
  /** The authority of every request. */
  readonly host: string;
  readonly identities: Identities;
  /** Requests under way in closed-loop load. */
  readonly inFlight: number;
}

/** One kind of figure. The value of `direct` means nothing where `ofProxy`. */
export interface Column {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
  readonly ofProxy?: true;
}

/** Figures of one measurement by column. */
export type Figures = Readonly<Record<string, number>>;

/** One benchmark of the data plane. */
export interface Scenario {
  readonly name: ScenarioName;
  /** One line for people. */
  readonly describes: string;
  readonly subjects: readonly Subject[];
  /** Of `saturate`; those of the fixed rate and of memory follow. */
  readonly columns: readonly Column[];
  /** The column that counts, and the largest multiple of Envoy's figure that we aim for. */
  readonly merit: { readonly key: string; readonly aim: number };
  startUpstream(bench: Bench): Promise<Upstream>;
  /** Throws for a wrong answer; returns how many were right. */
  check(subject: string, port: number, host: string): Promise<number>;
  /** As much load as there is an answer for. */
  saturate(bench: Bench, contender: Contender, seconds: number): Promise<Figures>;
  /** Requests at `fixedRate`. */
  pace(bench: Bench, contender: Contender, seconds: number): Promise<Percentiles>;
}
