import type { RefusedResource, ResourceState, TypeState } from './contract.ts';
import { absent, type Held, type InFlight } from './held.ts';
import type { Interest } from './interest.ts';
import { updatedAt, type XdsResource } from './view.ts';

/** What a subscription keeps. */
export interface Ledger {
  readonly typeUrl: string;
  readonly interest: Interest;
  readonly resources: ReadonlyMap<string, XdsResource>;
  readonly behind: ReadonlyMap<string, Held>;
  readonly inFlight: InFlight | undefined;
  readonly refused: ReadonlyMap<string, RefusedResource>;
}

/** A subscription as people see it. */
export function typeState(ledger: Ledger): TypeState {
  const { typeUrl, interest, resources, behind, inFlight, refused } = ledger;
  const sent = [...(inFlight?.sent ?? [])];
  return {
    typeUrl,
    wildcard: interest.wildcard,
    names: [...interest.explicit],
    get acked() {
      return new Map(resourceStates(ledger).flatMap(({ name, version }) => (version === '' ? [] : [[name, version]])));
    },
    get resources() {
      return resourceStates(ledger);
    },
    lacking: [...behind].flatMap(([name, { version }]) => (resources.has(name) || version !== '' ? name : [])),
    inFlight: inFlight && {
      since: inFlight.since,
      resources: sent.flatMap(([name, { now }]) => (now === undefined ? [] : name)),
      removed: sent.flatMap(([name, { now }]) => (now === undefined ? name : [])),
    },
    refused: [...refused.values()],
  };
}

function resourceStates({ interest, resources, behind, inFlight }: Ledger): readonly ResourceState[] {
  const sent: InFlight['sent'] = inFlight?.sent ?? new Map();
  const covered = interest.wildcard ? resources.keys() : interest.explicit;
  return [...new Set([...covered, ...behind.keys(), ...sent.keys()])].map((name) => {
    const held = sent.get(name)?.before ?? behind.get(name) ?? resources.get(name) ?? absent;
    const delivery = sent.has(name) ? 'in flight' : behind.has(name) ? 'not sent' : 'taken';
    return { name, version: held.version, updatedAt: 'body' in held ? updatedAt(held) : undefined, delivery };
  });
}
