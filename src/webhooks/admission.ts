import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';

const admissionApiVersion = 'admission.k8s.io/v1';

/** An admission.k8s.io/v1 AdmissionRequest, as far as handlers need it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** Absent: the object itself. */
  readonly subResource?: string;
  /** Absent for objects of the cluster. */
  readonly namespace?: string;
  /** Absent for an object whose name the apiserver makes. */
  readonly name?: string;
  readonly object?: Fields;
  readonly oldObject?: Fields;
  /** Nothing may change anywhere because of this request. */
  readonly dryRun: boolean;
}

export interface AdmissionAnswer {
  /** Set: the request is refused. */
  readonly refusal?: AdmissionRefusal;
  /** Sentences that kubectl prints. */
  readonly warnings?: readonly string[];
  /** RFC 6902; of a mutating webhook. */
  readonly patch?: readonly JsonPatchOperation[];
}

export interface AdmissionRefusal {
  /** An HTTP status of the 400s. */
  readonly code: number;
  /** Of metav1.StatusReason: `Invalid`, `Forbidden`. */
  readonly reason: string;
  readonly message: string;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

export type AdmissionHandler = (request: AdmissionRequest) => AdmissionAnswer | Promise<AdmissionAnswer>;

/** What the apiserver passes on: of longer ones it cuts the end off. */
const warningLength = 256;
const mostWarnings = 16;

/** Answers an AdmissionReview by a handler; an error says what is wrong with the review itself. */
export async function answerAdmission(review: unknown, handle: AdmissionHandler): Promise<Result<unknown, string>> {
  if (!isRecord(review) || review.kind !== 'AdmissionReview') return err('the body is no AdmissionReview');
  if (review.apiVersion !== admissionApiVersion) return err(`only ${admissionApiVersion} is spoken`);
  const request = decodeRequest(review.request);
  if (request === undefined) return err('the review lacks a request with uid, operation and kind');
  const response = responseOf(request.uid, await handle(request));
  return ok({ apiVersion: admissionApiVersion, kind: 'AdmissionReview', response });
}

const operations: readonly unknown[] = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'CONNECT',
] satisfies AdmissionRequest['operation'][];

function decodeRequest(request: unknown): AdmissionRequest | undefined {
  if (!isRecord(request) || !isRecord(request.kind)) return undefined;
  const { uid, operation, kind, subResource, namespace, name, object, oldObject, dryRun } = request;
  const { group, version, kind: kindName } = kind;
  if (typeof uid !== 'string' || !operations.includes(operation)) return undefined;
  if (typeof group !== 'string' || typeof version !== 'string' || typeof kindName !== 'string') return undefined;
  return {
    uid,
    operation: operation as AdmissionRequest['operation'],
    kind: { group, version, kind: kindName },
    ...(isText(subResource) ? { subResource } : {}),
    ...(isText(namespace) ? { namespace } : {}),
    ...(isText(name) ? { name } : {}),
    ...(isRecord(object) ? { object } : {}),
    ...(isRecord(oldObject) ? { oldObject } : {}),
    dryRun: dryRun === true,
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function responseOf(uid: string, { refusal, warnings = [], patch = [] }: AdmissionAnswer): unknown {
  return {
    uid,
    allowed: refusal === undefined,
    ...(refusal === undefined ? {} : { status: { status: 'Failure', ...refusal } }),
    ...(warnings.length === 0 ? {} : { warnings: warnings.slice(0, mostWarnings).map(fitting) }),
    ...(patch.length === 0
      ? {}
      : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
  };
}

function fitting(warning: string): string {
  const text = warning.replaceAll(/\s+/g, ' ');
  return text.length <= warningLength ? text : `${text.slice(0, warningLength - 1)}…`;
}
