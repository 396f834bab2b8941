import type { Artifact, Credential } from '../../../src/adapter/contract.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { secretNames, typeUrls } from '../names.ts';
import { roots, trustOf } from './tls.ts';

/**
 * What one Envoy proves its identity with, and what it holds its peers to: the roots of its own trust domain, and those of
 * the federated ones for their own members.
 */
export function emitSecrets(model: MeshModel, credential: Credential): readonly Artifact[] {
  const { certificateChain, privateKey, trustBundle } = credential;
  const certificate = {
    name: secretNames.certificate,
    tlsCertificate: { certificateChain: { inlineString: certificateChain }, privateKey: { inlineString: privateKey } },
  };
  const trust = {
    name: secretNames.trust,
    validationContext: roots({ inlineString: trustBundle }, trustOf(model)),
  };
  return [certificate, trust].map((body) => ({ name: body.name, format: typeUrls.secret, body, origins: [] }));
}
