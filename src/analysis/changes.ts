import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { Decision, TrafficRequest } from '../model/decision.ts';
import type { MeshSettings, ServiceId } from '../model/types.ts';
import type { Effect } from './effects.ts';
import type { Outcome } from './outcome.ts';

/** One difference between two models. */
export type Change = TrafficChange | ObjectChange | SettingChange | UndecidedChange;

/** Requests that the models treat differently, and always in the same way. */
export interface TrafficChange {
  readonly kind: 'traffic';
  readonly effects: NonEmpty<Effect>;
  /** Who is affected: service accounts, `NAMESPACE/NAME`, foreign SPIFFE ids, or pods that changed their account. */
  readonly clients: NonEmpty<string>;
  readonly service: ServiceId;
  readonly port: number;
  /** It is the UDP port of that number. */
  readonly udp?: true;
  /** How many classes of requests, over all clients that rules tell apart, change like this. */
  readonly classes: number;
  readonly example: Example;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** A request that shows a change: `decide()` on each model gives the decisions. */
export interface Example {
  readonly client: string;
  /** The request in each model; they differ only in the pod that sends it. */
  readonly before: ExampleSide;
  readonly after: ExampleSide;
}

export interface ExampleSide {
  readonly request: TrafficRequest;
  /** False when the model has no pod that could send it: the decision is what such a pod would meet. */
  readonly senderExists: boolean;
  readonly decision: Decision;
  readonly origins: {
    /** The fields that let the request in, or would have to say something else for that. */
    readonly access: readonly Origin[];
    /** The fields that choose the backends; empty where no split does. */
    readonly route: readonly Origin[];
  };
}

/** Something that came, went, or is written differently. */
export interface ObjectChange {
  readonly kind: 'object';
  readonly what: 'service' | 'port' | 'workload' | 'policy';
  readonly change: 'added' | 'removed' | 'changed';
  /** `NAMESPACE/NAME`; with `:PORT` for a port. */
  readonly id: string;
  /** For a policy: it gives something new for datagrams, of which no request can be shown. */
  readonly mayWiden: boolean;
  readonly before: readonly Origin[];
  readonly after: readonly Origin[];
}

export interface SettingChange {
  readonly kind: 'setting';
  readonly setting: keyof MeshSettings | 'trustDomain';
  readonly before: string;
  readonly after: string;
}

/** The search for differences ended at a limit: what it found is reported, and there may be more. */
export interface UndecidedChange {
  readonly kind: 'undecided';
  readonly clients: NonEmpty<string>;
  readonly service: ServiceId;
  readonly port: number;
  /** It is the UDP port of that number. */
  readonly udp?: true;
}

/** Whether a change lets anything in that was not let in before, or might. */
export function isWidening(change: Change): boolean {
  if (change.kind === 'traffic') return change.effects.includes('widened');
  if (change.kind === 'object') return change.mayWiden;
  return change.kind === 'undecided';
}
