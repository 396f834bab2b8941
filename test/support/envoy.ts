import { ensureEnvoy } from '../../scripts/envoy.mjs';

export type EnvoyBinary =
  | { readonly path: string; readonly reason?: never }
  | { readonly path?: never; readonly reason: string };

/** The real Envoy, or why there is none. With `CI=true` a missing Envoy is a failure, so that no test is skipped unseen. */
export function envoyBinary(): EnvoyBinary {
  try {
    return { path: ensureEnvoy() };
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
