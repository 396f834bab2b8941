import { acquireState, type LocalState } from '../../control/local/state.ts';
import type { OpenMesh } from '../target.ts';

/** A mesh once it has started; one that cannot start leaves nothing behind. */
export async function opened<T extends OpenMesh>(mesh: T, started: Promise<void>): Promise<T> {
  try {
    await started;
    return mesh;
  } catch (error) {
    await mesh.close();
    throw error;
  }
}

/** Loopback addresses that nobody else on this machine takes, and a private folder; rejects where there are none. */
export async function acquireAddresses(folder: string): Promise<LocalState> {
  const state = await acquireState(folder);
  if (state.ok) return state.value;
  throw new Error('reason' in state.error ? state.error.reason : `process ${state.error.pid} holds it`);
}
