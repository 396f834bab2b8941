import { systemNames } from '../kubernetes/names.ts';
import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { type AuthorityState, decodeState, encodeState } from './authority-state.ts';

/** Set by people, with any value, on the Secret of the authority; removed when the rotation begins. */
const rotateAnnotation = 'smi-mesh.io/rotate';

/** The Secret as it was read. */
export interface StoredAuthority {
  readonly state: AuthorityState;
  /** Somebody asks for a rotation. */
  readonly wanted: boolean;
  /** Of the object, for a write that fails when anybody else has written since. */
  readonly metadata: Fields;
}

export type StoreFault =
  /** What is stored cannot be used; nobody may replace it unasked. */
  | { readonly kind: 'damaged'; readonly because: string }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unreachable'; readonly fault: ClusterFault };

/** The Secret of the authority: created once, and changed only by who has read what is there. */
export class AuthoritySecret {
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  get path(): string {
    return `${this.#collection}/${systemNames.authority}`;
  }

  /** Where it is watched. */
  get list(): { readonly path: string; readonly fieldSelector: string } {
    return { path: this.#collection, fieldSelector: `metadata.name=${systemNames.authority}` };
  }

  get #collection(): string {
    return `/api/v1/namespaces/${this.#namespace}/secrets`;
  }

  /** What is stored; nothing when there is none. */
  async read(connection: Pick<Connection, 'get'>): Promise<Result<StoredAuthority | undefined, StoreFault>> {
    const answer = await connection.get(this.path);
    if (!answer.ok) return answer.error.status === 404 ? ok(undefined) : err(unreachable(answer.error));
    return this.parse(answer.value);
  }

  parse(object: unknown): Result<StoredAuthority, StoreFault> {
    const { metadata, data } = isRecord(object) ? object : {};
    const state = decodeState(data);
    if (!state.ok)
      return err({ kind: 'damaged', because: `the Secret ${systemNames.authority} is damaged: ${state.error}` });
    const kept = isRecord(metadata) ? metadata : {};
    return ok({ state: state.value, wanted: rotateAnnotation in annotationsOf(kept), metadata: kept });
  }

  /** A conflict when there is one already. */
  async create(connection: Pick<Connection, 'send'>, state: AuthorityState): Promise<Result<void, StoreFault>> {
    const labels = { 'app.kubernetes.io/name': 'smi-mesh', 'app.kubernetes.io/managed-by': systemNames.controller };
    const metadata = { name: systemNames.authority, namespace: this.#namespace, labels };
    return written(await connection.send('POST', this.#collection, secretOf(metadata, state)), [409]);
  }

  /** A conflict when it is not as it was read. */
  async update(
    connection: Pick<Connection, 'send'>,
    { metadata }: StoredAuthority,
    state: AuthorityState,
  ): Promise<Result<void, StoreFault>> {
    const { managedFields: _, ...kept } = metadata;
    const { [rotateAnnotation]: wish, ...others } = annotationsOf(metadata);
    // The wish is granted when a rotation begins, and not by any other write.
    const annotations =
      state.phase === 'introducing' || wish === undefined ? others : { ...others, [rotateAnnotation]: wish };
    // A Secret that is gone is not as it was read either.
    return written(await connection.send('PUT', this.path, secretOf({ ...kept, annotations }, state)), [409, 404]);
  }
}

function secretOf(metadata: Fields, state: AuthorityState): Fields {
  return { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: encodeState(state) };
}

function written(
  answer: Awaited<ReturnType<Connection['send']>>,
  conflicts: readonly (number | undefined)[],
): Result<void, StoreFault> {
  if (answer.ok) return ok(undefined);
  return err(conflicts.includes(answer.error.status) ? { kind: 'conflict' } : unreachable(answer.error));
}

function unreachable(fault: ClusterFault): StoreFault {
  return { kind: 'unreachable', fault };
}

function annotationsOf({ annotations }: Fields): Fields {
  return isRecord(annotations) ? annotations : {};
}

/** As a sentence. */
export function describeFault(fault: StoreFault): string {
  if (fault.kind === 'damaged') return fault.because;
  return fault.kind === 'conflict' ? 'somebody else has written it' : fault.fault.diagnostic.message;
}
