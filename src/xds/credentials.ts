import { experimental, type ServerCredentials } from '@grpc/grpc-js';

/** PEM texts. */
export interface ServerIdentity {
  readonly certificateChain: string;
  readonly privateKey: string;
  /** The roots that clients are verified against. */
  readonly trustBundle: string;
}

export interface RotatingCredentials {
  readonly credentials: ServerCredentials;
  /** Connections from now on see the new certificate; those that exist stay. */
  rotate(identity: ServerIdentity): void;
}

/** Mutual TLS with a certificate that can be replaced while the server runs. */
export function rotatingCredentials(first: ServerIdentity): RotatingCredentials {
  let current = first;
  const caListeners = new Set<experimental.CaCertificateUpdateListener>();
  const identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  const caUpdate = () => ({ caCertificate: Buffer.from(current.trustBundle) });
  const identityUpdate = () => ({
    certificate: Buffer.from(current.certificateChain),
    privateKey: Buffer.from(current.privateKey),
  });
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener(listener) {
      caListeners.add(listener);
      // Later: the server watches its credentials only after it has asked for them.
      queueMicrotask(() => listener(caUpdate()));
    },
    removeCaCertificateListener: (listener) => void caListeners.delete(listener),
    addIdentityCertificateListener(listener) {
      identityListeners.add(listener);
      queueMicrotask(() => listener(identityUpdate()));
    },
    removeIdentityCertificateListener: (listener) => void identityListeners.delete(listener),
  };
  return {
    credentials: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    rotate(identity) {
      current = identity;
      for (const listener of caListeners) listener(caUpdate());
      for (const listener of identityListeners) listener(identityUpdate());
    },
  };
}
