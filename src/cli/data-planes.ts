import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../adapter/contract.ts';

/** The data planes that the control plane serves, each with its parsed options. */
export const dataPlanes: readonly { readonly adapter: DataPlaneAdapter; readonly options: unknown }[] = [
  { adapter: proxyAdapter as DataPlaneAdapter, options: {} },
];
