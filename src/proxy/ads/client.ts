import type { BootstrapSecret } from '../bootstrap.ts';
import type { ResourceSet } from '../config/resources.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';

export class AdsClient {
  constructor(
    _node: string,
    _server: { readonly address: string; readonly port: number; readonly serverIdentity: string },
    _secret: BootstrapSecret,
    _initial: ResourceSet,
    _log: (line: string) => void,
    _registry: MetricsRegistry,
    _changed: (resources: ResourceSet) => void,
  ) {}

  stop(): void {}
}
