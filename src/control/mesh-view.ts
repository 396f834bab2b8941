import type { ObjectKey } from '../diagnostics/origin.ts';
import type { MeshModel } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';
import type { AdminHandler } from './admin/contract.ts';
import type { LocatedDiagnostic } from './messages.ts';
import type { SourceChange, SourceLoad } from './object-source.ts';
import type { ProxyRefusal } from './refusals/refusal.ts';
import type { Rollout } from './rollouts/rollout.ts';

/** What a running control plane knows of its mesh, for pages that show it. Everything is as of now. */
export interface MeshView {
  model(): MeshModel | undefined;
  load(): Pick<SourceLoad, 'documents' | 'refused' | 'locate' | 'generation'> | undefined;
  findings(): readonly LocatedDiagnostic[];
  refusals(): readonly ProxyRefusal[];
  rollouts(): readonly Rollout[];
  /** The other pages. */
  readonly ask: AdminHandler;
  /** Tells of loads and of what proxies have taken or refused, until the returned function is called. */
  watch(watcher: () => void): () => void;
}

/** Objects that changed, and what they made of the mesh. */
export interface MeshChange extends SourceChange {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly generation: number;
  readonly objects: readonly ChangedObject[];
  /** Absent before the first publication. */
  readonly before?: MeshModel;
  readonly after: MeshModel;
}

export interface ChangedObject {
  readonly key: ObjectKey;
  /** Absent where it came, or is gone. */
  readonly before?: SourceDocument;
  readonly after?: SourceDocument;
}

/** Pages that are made from a mesh; they hear of each change once it is published. */
export interface MeshPages {
  /** Of everything below `/api/`. */
  readonly answer: AdminHandler;
  changed(change: MeshChange): void;
}

export type CreateMeshPages = (mesh: MeshView) => MeshPages;

export function changedObjects({ changed, before, documents }: SourceLoad): readonly ChangedObject[] {
  return changed.map((key) => {
    const [old, now] = [before(key), documents.get(key)];
    return { key, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) };
  });
}
