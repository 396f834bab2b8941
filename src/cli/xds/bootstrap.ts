import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { adsBootstrap, credentialFiles, secretFiles } from '../../../adapters/envoy/index.ts';
import { grpcBootstrap } from '../../../adapters/grpc/bootstrap.ts';
import { defaultCompileOptions } from '../../compile/index.ts';
import { controlPlaneIdentity } from '../../control/plane.ts';
import { findWorkload } from '../../explain/client.ts';
import { createAuthority } from '../../identity/authority.ts';
import type { Workload } from '../../model/types.ts';
import { checkSources } from '../check-sources.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportFindings } from '../findings.ts';
import { printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';

export interface BootstrapIssue {
  /** Where the files are written. */
  readonly out: string;
  /** Where they will be on the machine. */
  readonly directory: string;
  readonly variant: 'delta' | 'sotw';
  /** Whose bootstrap it is. */
  readonly client: 'envoy' | 'grpc';
  /** Where a gRPC client on the control plane's own machine reaches it; absent: by mutual TLS. */
  readonly grpcSocket?: string;
  readonly lifetimeSeconds: number;
  readonly state: string;
  /** How the machine reaches the control plane. */
  readonly address: string;
  readonly port: number;
}

const adminPort = 15_001;

/**
 * Prints the bootstrap of a workload's Envoy or of its gRPC clients and writes it with a fresh credential of its identity:
 * whoever has these files is that workload. Files that are there already are replaced one by one, which those who watch them
 * notice.
 */
export async function issueBootstrap(paths: readonly string[], text: string, issue: BootstrapIssue): Promise<number> {
  const checked = await checkSources(paths, defaultCompileOptions);
  const faulty = reportFindings(checked);
  const found = findWorkload(checked.model, text);
  if (!found.ok) return wrongUse(found.error);
  const { trustDomain } = checked.model;
  try {
    const authority = await createAuthority({ trustDomain, stateDirectory: issue.state });
    const svid = await authority.issue(found.value.identity, { lifetimeSeconds: issue.lifetimeSeconds });
    const files = bootstrapFiles(found.value, trustDomain, issue);
    mkdirSync(issue.out, { recursive: true, mode: 0o700 });
    chmodSync(issue.out, 0o700);
    for (const [name, content] of Object.entries(files)) place(issue.out, name, JSON.stringify(content, null, 2));
    // The certificate last: Envoy looks when it comes, and takes it with the key that is there.
    place(issue.out, credentialFiles.privateKey, svid.privateKey);
    place(issue.out, credentialFiles.trustBundle, svid.trustBundle);
    place(issue.out, credentialFiles.certificateChain, svid.certificateChain);
    printJson(files[bootstrapFile]);
  } catch (error) {
    globalThis.process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.unreachable;
  }
  return faulty ? exitCodes.findings : exitCodes.fine;
}

const bootstrapFile = 'bootstrap.json';

function bootstrapFiles(
  workload: Workload,
  trustDomain: string,
  issue: BootstrapIssue,
): Readonly<Record<string, unknown>> {
  const directory = resolve(issue.directory);
  if (issue.client === 'grpc') return { [bootstrapFile]: grpcBootstrapOf(workload, directory, issue) };
  const { id, set, outbound, addresses } = workload;
  const admin = addresses.find((address) => address.startsWith('127.')) ?? '127.0.0.1';
  const process = {
    id,
    cluster: set,
    admin: { address: admin, port: adminPort },
    sourceAddress: outbound === 'intercepted' ? undefined : addresses[0],
  };
  const { address, port, variant } = issue;
  const controlPlane = { address, port, variant, identity: controlPlaneIdentity(trustDomain) };
  return { ...secretFiles(directory), [bootstrapFile]: adsBootstrap(process, controlPlane, directory) };
}

function grpcBootstrapOf({ id, locality }: Workload, directory: string, issue: BootstrapIssue): unknown {
  const { address, port, grpcSocket } = issue;
  const host = address.includes(':') ? `[${address}]` : address;
  return grpcBootstrap({
    node: id,
    ...(locality === undefined ? {} : { locality }),
    server: grpcSocket === undefined ? { address: `${host}:${port}` } : { socket: resolve(grpcSocket) },
    certificateFiles: {
      certificateChain: join(directory, credentialFiles.certificateChain),
      privateKey: join(directory, credentialFiles.privateKey),
      trustBundle: join(directory, credentialFiles.trustBundle),
    },
  });
}

function place(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(`${path}.draft`, text, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}
