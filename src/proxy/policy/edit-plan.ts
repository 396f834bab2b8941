/** A field line; the name is lower case. */
export interface Line {
  readonly name: string;
  readonly value: string;
}

/** What a policy changes in the fields of a message, in this order. */
export interface EditPlan {
  readonly remove: readonly string[];
  /** Replaces all lines of the name. */
  readonly set: readonly Line[];
  readonly add: readonly Line[];
}

/** Fields that say how the message itself is to be read, or that the mesh speaks by: no policy may touch them. */
const fixed: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'grpc-message',
  'grpc-status',
  'grpc-timeout',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-client-cert',
]);

/** Whether a lower-case name may be edited by a policy. */
export function isEditable(name: string): boolean {
  return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !fixed.has(name) && !name.startsWith('x-smi-');
}

/** Whether a value can stand in a field line (RFC 9110 5.5), without blanks around it. */
export function isFieldValue(value: string): boolean {
  return /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/.test(value);
}
