import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { isSpiffeId } from '../../lib/spiffe.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { smiMeta } from '../meta.ts';
import { formFault } from '../text-form.ts';
import type { IdentityBinding } from '../types.ts';

/** v1alpha4, after the schema has accepted it. Every part may be `null`, which is the same as absent. */
interface WireIdentityBinding {
  readonly spec: {
    readonly schemes: {
      readonly podLabelSelector?: { readonly matchLabels: Readonly<Record<string, string>> | null } | null;
      readonly spiffeIdentities?: readonly string[] | null;
      readonly serviceAccount?: string | null;
    };
  };
}

export function decodeIdentityBinding(document: SourceDocument): Decoded<IdentityBinding> {
  const { schemes } = (document.object as unknown as WireIdentityBinding).spec;
  const labels = schemes.podLabelSelector?.matchLabels ?? undefined;
  const identities = schemes.spiffeIdentities ?? undefined;
  const account = schemes.serviceAccount ?? undefined;
  const diagnostics = [
    ...schemesFault(document, labels !== undefined, identities !== undefined, account !== undefined),
    ...(identities ?? []).flatMap((identity, index) => identityFault(document, identity, index)),
  ];
  if (diagnostics.length > 0) return { diagnostics };
  const value: IdentityBinding = {
    meta: smiMeta(document),
    schemes: {
      ...(labels === undefined ? {} : { podLabelSelector: { ...labels } }),
      ...(identities === undefined ? {} : { spiffeIdentities: [...identities] }),
      ...(account === undefined ? {} : { serviceAccount: account }),
    },
  };
  return { value, diagnostics };
}

function schemesFault(
  { key }: SourceDocument,
  labels: boolean,
  identities: boolean,
  account: boolean,
): readonly Diagnostic[] {
  const origin = { object: key, path: 'spec.schemes' };
  if (!labels && !identities && !account) {
    return [diagnostic('SMI2014', { message: 'spec.schemes states no identity', origin })];
  }
  if (!labels || !account) return [];
  const message = 'spec.schemes has both podLabelSelector and serviceAccount';
  const hint = 'Remove one of the two, or write two IdentityBindings.';
  return [diagnostic('SMI2014', { message, origin, hint })];
}

/** The schema holds the characters; what it cannot say is that `.` and `..` are no segments. */
function identityFault({ key }: SourceDocument, identity: string, index: number): readonly Diagnostic[] {
  if (isSpiffeId(identity)) return [];
  const path = `spec.schemes.spiffeIdentities[${index}]`;
  const fault = formFault('SPIFFE id', path, identity);
  return fault === undefined
    ? []
    : [diagnostic(fault.code, { message: fault.message, origin: { object: key, path }, hint: fault.hint })];
}
