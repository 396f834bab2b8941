import type { Connection } from '../../kubernetes-client/connect.ts';
import { type ClusterFault, fault } from '../../kubernetes-client/fault.ts';
import { discover, type ServedKind } from '../../kubernetes-client/list.ts';
import { pluralOf } from '../../kubernetes-client/write.ts';
import { pause } from '../../lib/pause.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import { type FollowedKind, followedKinds } from './kinds.ts';

export interface Discovered {
  readonly kind: FollowedKind;
  /** Absent: the cluster has no such kind. */
  readonly served?: ServedKind;
}

export interface DiscoveryOptions {
  readonly signal: AbortSignal;
  readonly onFound: (kinds: readonly Discovered[]) => void;
  readonly onFault: (fault: ClusterFault) => void;
  /** Between two looks, in milliseconds: while a kind is missing, and otherwise. */
  readonly intervals?: readonly [number, number];
}

const defaultIntervals = [5_000, 60_000] as const;

/** Looks again and again which of the followed kinds the cluster serves: definitions may come later, and go. */
export class Discovery {
  readonly #connection: Connection;
  readonly #options: DiscoveryOptions;
  #soon = new AbortController();

  constructor(connection: Connection, options: DiscoveryOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Something is not served where it was: the next look is not to wait. */
  hurry(): void {
    this.#soon.abort();
  }

  async run(): Promise<void> {
    const { signal, onFound, onFault, intervals: [whileMissing, usual] = defaultIntervals } = this.#options;
    while (!signal.aborted) {
      const found = await findKinds(this.#connection);
      if (signal.aborted) return;
      if (found.ok) onFound(found.value);
      else onFault(found.error);
      const complete = found.ok && found.value.every(({ served }) => served !== undefined);
      // Even when in a hurry it does not ask all the time.
      await pause(whileMissing, signal);
      if (complete) await pause(usual - whileMissing, AbortSignal.any([signal, this.#soon.signal]));
      this.#soon = new AbortController();
    }
  }
}

/**
 * An apiserver that has just started does not serve every kind that it has a definition of: what seems to be missing is
 * missing only when its definition is.
 */
async function findKinds(connection: Connection): Promise<Result<readonly Discovered[], ClusterFault>> {
  const wanted = followedKinds();
  const served = await discover(connection, wanted);
  if (!served.ok) return err({ diagnostic: served.error });
  const found: Discovered[] = [];
  for (const kind of wanted) {
    const match = served.value.find((each) => each.kind === kind.kind && groupOf(each) === kind.group);
    if (match !== undefined) {
      found.push({ kind, served: match });
      continue;
    }
    const missing = await isUndefined(connection, kind);
    if (!missing.ok) return missing;
    if (!missing.value) return err(notServed(kind));
    found.push({ kind });
  }
  return ok(found);
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function isUndefined(connection: Connection, kind: FollowedKind): Promise<Result<boolean, ClusterFault>> {
  if (!kind.custom) return ok(false);
  const definition = await connection.get(`${definitions}/${pluralOf(kind.kind)}.${kind.group}`);
  if (definition.ok) return ok(!isEstablished(definition.value));
  const { status } = definition.error;
  // Who may not see definitions must believe what is served.
  return status === 404 || status === 403 ? ok(true) : definition;
}

/** A definition that is new, or about to go, has no objects. */
function isEstablished(definition: unknown): boolean {
  const { metadata, status } = isRecord(definition) ? definition : {};
  if (isRecord(metadata) && metadata.deletionTimestamp !== undefined) return false;
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.some((each) => isRecord(each) && each.type === 'Established' && each.status === 'True');
}

function notServed({ kind, group }: FollowedKind) {
  return fault(`the cluster does not serve ${kind} of ${group || 'the core group'} at the moment`);
}

function groupOf({ apiVersion }: ServedKind): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
