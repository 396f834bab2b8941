import type { ObjectKey } from '../../diagnostics/origin.ts';
import type { ControlPlaneMessage, LocatedDiagnostic } from '../messages.ts';
import type { TrafficRow } from './table.ts';

/** What happens in a local mesh, in order. This is also what `up -o json` prints, one object a line. */
export type LocalEvent =
  /** The first event. */
  | {
      readonly type: 'starting';
      readonly folder: string;
      readonly state: string;
      /** The range that every address of this run is in. */
      readonly addresses: string;
    }
  /** Where the page is that shows this mesh. */
  | { readonly type: 'dashboard'; readonly url: string }
  /** Every pod is ready for the first time. */
  | { readonly type: 'ready'; readonly pods: number; readonly afterMillis: number }
  | {
      readonly type: 'pod';
      /** `NAMESPACE/POD`. */
      readonly pod: string;
      readonly state: 'ready' | 'not-ready' | 'removed';
      /** Its loopback address, while it runs. */
      readonly address?: string;
    }
  | {
      readonly type: 'process';
      /** `NAMESPACE/POD`, or empty for the control plane. */
      readonly pod: string;
      /** The container's name, `sidecar`, or `control-plane`. */
      readonly part: string;
      readonly state: 'started' | 'exited' | 'failed' | 'stopped';
      readonly pid?: number;
      readonly reason?: string;
      readonly retryMillis?: number;
    }
  | { readonly type: 'log'; readonly pod: string; readonly part: string; readonly line: string }
  | { readonly type: 'diagnostic'; readonly diagnostic: LocatedDiagnostic }
  /** The files were read again. */
  | {
      readonly type: 'reload';
      readonly generation: number;
      readonly changed: readonly ObjectKey[];
      /** Objects that keep their last good version. */
      readonly refused: readonly ObjectKey[];
      readonly errors: number;
    }
  /** New configuration went out to sidecars, or they refuse it, or no longer; passed on as the control plane says it. */
  | Extract<ControlPlaneMessage, { readonly type: 'published' | 'nack' | 'recovered' }>
  | {
      readonly type: 'table';
      /** The last seconds, or everything since the start. */
      readonly span: 'recent' | 'run';
      readonly seconds: number;
      readonly rows: readonly TrafficRow[];
    }
  | { readonly type: 'stopped' };
