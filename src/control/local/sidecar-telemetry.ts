import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEnvoyTelemetry } from '../../access-log/index.ts';
import { localAdminPort } from '../../kubernetes/local-addressing.ts';
import { sidecarPorts } from '../../kubernetes/names.ts';
import { isUsableSocket } from './grpc-access.ts';

const socketName = 'telemetry.sock';

/** Counts what the Envoy of one pod carries, as long as the pod is there: longer than any Envoy of it. */
export class SidecarTelemetry {
  readonly socket: string;
  /** Of the socket, where the pod's own folder has too long a name. */
  readonly #short: string | undefined;
  readonly #workload: string;
  readonly #address: string;
  readonly #log: (line: string) => void;
  #stop: (() => void) | undefined;

  /** `folder`: the pod's own, which nobody else may read. */
  constructor(workload: string, address: string, folder: string, log: (line: string) => void) {
    this.#workload = workload;
    this.#address = address;
    this.#log = log;
    const socket = join(folder, socketName);
    this.#short = isUsableSocket(socket) ? undefined : mkdtempSync(join(tmpdir(), 'smi-mesh-'));
    this.socket = this.#short === undefined ? socket : join(this.#short, socketName);
  }

  /** Rejects when the pod's address is not free. */
  async start(): Promise<void> {
    this.#stop ??= await startEnvoyTelemetry({
      workload: this.#workload,
      socket: this.socket,
      admin: { address: this.#address, port: localAdminPort },
      envoy: { address: this.#address, port: sidecarPorts.envoyAdmin },
      log: this.#log,
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    if (this.#short !== undefined) rmSync(this.#short, { recursive: true, force: true });
  }
}
