import type { StreamingConnection } from '../../../kubernetes-client/connect.ts';
import type { Plane } from '../../plane.ts';
import type { LeaderTask } from '../leader-task.ts';
import type { Log } from '../log.ts';
import { Bridge } from './bridge.ts';
import type { BridgeState } from './bridge-state.ts';
import type { BridgeTarget } from './contract.ts';

export interface BridgeTaskOptions {
  readonly target: BridgeTarget;
  /** Resolves once there is a model. */
  readonly plane: Promise<Plane>;
  readonly state: BridgeState;
  readonly log: Log;
}

/** Keeps what the mesh means in another mesh's API, as long as this replica leads. */
export function bridgeTask({ target, plane, state, log }: BridgeTaskOptions): LeaderTask {
  return {
    name: 'bridge',
    async run(connection: StreamingConnection, signal: AbortSignal) {
      const served = await plane;
      const bridge = new Bridge(connection, target, log, state);
      const unwatch = served.watch(() => bridge.changed());
      try {
        await bridge.run(() => served.model(), signal);
      } finally {
        unwatch();
        bridge.stop();
      }
    },
  };
}
