import { X509Certificate } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Svid } from '../../identity/authority.ts';
import { podAnnotations } from '../../kubernetes/names.ts';
import type { PodObject } from '../../kubernetes/types.ts';

export function wantsGrpc({ meta }: PodObject): boolean {
  return meta.annotations[podAnnotations.grpc] === 'enabled';
}

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

/** The bootstrap of a gRPC client, as plain JSON. */
export type GrpcBootstrap = (options: {
  readonly node: string;
  readonly server: { readonly socket: string };
  readonly certificateFiles: CertificateFiles;
}) => unknown;

export interface GrpcAccessOptions {
  readonly pod: PodObject;
  /** The private directory of the local mesh. */
  readonly directory: string;
  readonly bootstrap: GrpcBootstrap;
  /** Obtains an SVID for the pod's account; rejects when the control plane does not answer. */
  readonly enrol: () => Promise<{ readonly svid: Svid }>;
}

/** Unix sockets have paths of this many bytes at most. */
const maxSocketPath = 107;
const lookMillis = 60_000;

/** Where the control plane takes gRPC clients of this machine; whoever can open the directory may. */
export function grpcSocket(directory: string): string {
  return join(directory, 'xds.sock');
}

export function isUsableSocket(path: string): boolean {
  return Buffer.byteLength(path) <= maxSocketPath;
}

/** What the gRPC clients of one pod need: a bootstrap, and the pod's certificate in files that stay fresh. */
export class GrpcAccess {
  /** Of the bootstrap. */
  readonly path: string;
  readonly #options: GrpcAccessOptions;
  readonly #home: string;
  #version = 0;
  #renewAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GrpcAccessOptions) {
    const { pod, directory } = options;
    this.#options = options;
    this.#home = join(directory, 'grpc', `${pod.meta.namespace}.${pod.meta.name}`);
    this.path = join(this.#home, 'bootstrap.json');
  }

  /** Puts the files in place; rejects when there is no certificate to be had and none was there before. */
  async prepare(): Promise<void> {
    const { directory, pod, bootstrap } = this.#options;
    const socket = grpcSocket(directory);
    if (!isUsableSocket(socket)) throw new Error(`${socket} is too long for a socket: choose a shorter --state`);
    await this.#renew().catch((cause: unknown) => {
      // While the control plane is away, a program that comes back has the certificate of before.
      if (this.#version === 0) throw cause;
    });
    const { namespace, name } = pod.meta;
    const certificateFiles = filesIn(join(this.#home, 'current'));
    const content = bootstrap({ node: `${namespace}/${name}`, server: { socket }, certificateFiles });
    writeFileSync(this.path, JSON.stringify(content, null, 2), { mode: 0o600 });
    this.#timer ??= setInterval(() => void this.#renew().catch(() => undefined), lookMillis);
  }

  stop(): void {
    clearInterval(this.#timer);
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Renewed when half of its life is over; what fails is tried again a minute later. */
  async #renew(): Promise<void> {
    if (Date.now() < this.#renewAt) return;
    const { svid } = await this.#options.enrol();
    this.#write(svid);
    const { validToDate } = new X509Certificate(svid.certificateChain);
    this.#renewAt = (Date.now() + validToDate.getTime()) / 2;
  }

  /** All three files change at once, by a link to their folder. */
  #write(svid: Svid): void {
    const before = String(this.#version);
    this.#version += 1;
    const folder = String(this.#version);
    mkdirSync(join(this.#home, folder), { recursive: true, mode: 0o700 });
    const files = filesIn(join(this.#home, folder));
    for (const [name, path] of Object.entries(files)) {
      writeFileSync(path, svid[name as keyof CertificateFiles], { mode: 0o600 });
    }
    const link = join(this.#home, 'current');
    rmSync(`${link}.new`, { force: true });
    symlinkSync(folder, `${link}.new`);
    renameSync(`${link}.new`, link);
    rmSync(join(this.#home, before), { recursive: true, force: true });
  }
}

function filesIn(folder: string): CertificateFiles {
  return {
    certificateChain: join(folder, 'certificate-chain.pem'),
    privateKey: join(folder, 'private-key.pem'),
    trustBundle: join(folder, 'trust-bundle.pem'),
  };
}
