import type { ObjectKey, Origin } from '../diagnostics/origin.ts';
import type { Svid } from '../identity/authority.ts';
import type { DeploymentObject, PodObject, ServiceObject } from '../kubernetes/types.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { LocatedDiagnostic } from './located-diagnostic.ts';

export type { LocatedDiagnostic };

/**
 * What the supervisor of a local mesh and its control plane process tell each other over Node's child-process channel,
 * as JSON. The control plane ends when its supervisor is gone.
 */
export type SupervisorMessage =
  /** Every pod that runs now; replaces the list before it. */
  | { readonly type: 'pods'; readonly pods: readonly PodObject[] }
  /** Asks for an SVID; answered by `issued` with the same id. */
  | { readonly type: 'issue'; readonly id: number; readonly identity: string };

export type ControlPlaneMessage =
  | { readonly type: 'ready'; readonly ads: AdsAddress }
  /** What is to run, after every load. */
  | {
      readonly type: 'objects';
      readonly generation: number;
      readonly deployments: readonly DeploymentObject[];
      readonly services: readonly ServiceObject[];
    }
  | { readonly type: 'issued'; readonly id: number; readonly svid: Svid }
  | { readonly type: 'refused'; readonly id: number; readonly because: string }
  /** The files were read: which objects changed their meaning, what was wrong, which objects keep their last good version. */
  | {
      readonly type: 'loaded';
      readonly generation: number;
      readonly changed: readonly ObjectKey[];
      readonly diagnostics: readonly LocatedDiagnostic[];
      readonly refused: readonly ObjectKey[];
    }
  /** New configuration is on its way to the proxies. */
  | {
      readonly type: 'published';
      readonly generation: number;
      readonly changedUnits: readonly string[];
      readonly workloads: number;
    }
  /** Something is wrong beside what a load found. */
  | { readonly type: 'finding'; readonly diagnostic: LocatedDiagnostic }
  /**
   * A proxy refused configuration and keeps what it had; told once for each fault, however many proxies and resources
   * show it, with `finding` beside it the first time.
   */
  | {
      readonly type: 'nack';
      readonly id: string;
      readonly workload: string;
      readonly typeUrl: string;
      readonly resources: readonly string[];
      readonly detail: string;
      /** The fields that may be at fault, the most likely first. */
      readonly origins: readonly Origin[];
    }
  /** No proxy refuses it any more: it was corrected, it is gone, or those that did have left. */
  | { readonly type: 'recovered'; readonly id: string; readonly resources: readonly string[] }
  | { readonly type: 'splits'; readonly splits: readonly WantedShare[] };

export interface AdsAddress {
  readonly address: string;
  readonly port: number;
  /** The SPIFFE id that the server presents. */
  readonly identity: string;
}

/** One backend of one rule of a service port: its share is `weight / total`. */
export interface WantedShare {
  readonly root: string;
  readonly port: number;
  /** Index of the rule among those of the service port. */
  readonly rule: number;
  readonly backend: string;
  readonly backendPort: number;
  readonly weight: number;
  readonly total: number;
}

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isObjects: Check = (value) => Array.isArray(value) && value.every(isObject);

const fromSupervisor: Record<SupervisorMessage['type'], Shape> = {
  pods: { pods: isObjects },
  issue: { id: isNumber, identity: isText },
};

const fromControlPlane: Record<ControlPlaneMessage['type'], Shape> = {
  ready: { ads: isObject },
  objects: { generation: isNumber, deployments: isObjects, services: isObjects },
  issued: { id: isNumber, svid: isObject },
  refused: { id: isNumber, because: isText },
  loaded: { generation: isNumber, changed: isTexts, diagnostics: isObjects, refused: isTexts },
  published: { generation: isNumber, changedUnits: isTexts, workloads: isNumber },
  finding: { diagnostic: isObject },
  nack: { id: isText, workload: isText, typeUrl: isText, resources: isTexts, detail: isText, origins: isObjects },
  recovered: { id: isText, resources: isTexts },
  splits: { splits: isObjects },
};

/** Reads a message of the supervisor; both ends are of one version, so only the outer shape is checked. */
export function parseSupervisorMessage(value: unknown): Result<SupervisorMessage, string> {
  return parse<SupervisorMessage>(value, fromSupervisor);
}

/** Reads a message of the control plane. */
export function parseControlPlaneMessage(value: unknown): Result<ControlPlaneMessage, string> {
  return parse<ControlPlaneMessage>(value, fromControlPlane);
}

function parse<M>(value: unknown, shapes: Readonly<Record<string, Shape>>): Result<M, string> {
  if (!isObject(value)) return err('not a message');
  const fields = value as Record<string, unknown>;
  const shape = typeof fields.type === 'string' && Object.hasOwn(shapes, fields.type) ? shapes[fields.type] : undefined;
  if (shape === undefined) return err(`unknown message type ${JSON.stringify(fields.type)}`);
  for (const [name, check] of Object.entries(shape)) {
    if (!check(fields[name])) return err(`message ${fields.type}: bad field ${name}`);
  }
  return ok(value as M);
}
