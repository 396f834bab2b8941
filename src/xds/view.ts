import { createHash } from 'node:crypto';

/** One resource as it travels: immutable, so that every stream shares it and its bytes. */
export interface XdsResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Equal content has equal version; made by `resourceVersion`. */
  readonly version: string;
  /** `google.protobuf.Any.value`. */
  readonly body: Uint8Array;
}

/** What one node is to have, by type URL and name. */
export type View = ReadonlyMap<string, ReadonlyMap<string, XdsResource>>;

/** A version from content: the same bytes have the same version whichever process computed it. */
export function resourceVersion(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22);
}

export function createView(resources: Iterable<XdsResource>): View {
  const view = new Map<string, Map<string, XdsResource>>();
  for (const resource of resources) {
    const ofType = view.get(resource.typeUrl) ?? new Map<string, XdsResource>();
    view.set(resource.typeUrl, ofType.set(resource.name, resource));
  }
  return view;
}
