import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { NodeInfo } from './contract.ts';
import type { View } from './view.ts';

/**
 * A Unix socket beside the port, for clients that cannot prove who they are. They speak plain text, and whoever can open the
 * socket may ask for every node that is granted here; the folder that it is in decides who can.
 */
export interface LocalSocket {
  /** At most 107 bytes. What a dead process left there is replaced. */
  readonly path: string;
  authorize(node: string): boolean;
  viewOf(node: NodeInfo, typeUrl: string): View | 'defect' | undefined;
}

/** Rejects when the path cannot be bound. */
export async function bindLocal(server: Server, { path }: LocalSocket): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  chmodSync(path, 0o600);
}
