import type { ApiClient } from '../../test/cluster/support/client.ts';
import { BenchFailure } from '../failure.ts';
import type { MeshObject } from './mesh.ts';

const atOnce = 16;

/** Creates objects, some at a time; list after list. */
export async function populate(client: ApiClient, lists: readonly (readonly MeshObject[])[]): Promise<number> {
  for (const list of lists) {
    const left = list.values();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const object of left) await create(client, object);
      }),
    );
  }
  return lists.reduce((sum, { length }) => sum + length, 0);
}

async function create(client: ApiClient, { path, object, status }: MeshObject): Promise<void> {
  const made = await client.post(path, object);
  if (made.status !== 201) throw new BenchFailure(`${path}: ${made.body.message}`);
  if (status === undefined) return;
  const reported = await client.patch(`${path}/${made.body.metadata?.name}/status`, { status });
  if (reported.status !== 200) throw new BenchFailure(`${path}: ${reported.body.message}`);
}
