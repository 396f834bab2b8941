import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../../src/identity/authority.ts';
import { type SpiffeId, spiffeId } from '../../src/lib/spiffe.ts';

/** PEM files of one SVID. */
export interface IdentityFiles {
  readonly id: SpiffeId;
  readonly certificate: string;
  readonly key: string;
  /** Certificate and key in one file. */
  readonly both: string;
}

/** Who the two sides of a connection with mutual TLS are. */
export interface Identities {
  readonly authority: string;
  readonly client: IdentityFiles;
  readonly server: IdentityFiles;
}

const trustDomain = 'cluster.local';

/** A new authority and two identities of it, as files in the folder. */
export async function writeIdentities(parent: string): Promise<Identities> {
  const folder = join(parent, 'identities');
  mkdirSync(folder);
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const authority = await createAuthority({ trustDomain });
  const identity = async (account: string): Promise<IdentityFiles> => {
    const id = spiffeId(trustDomain, 'bench', account);
    const { certificateChain, privateKey } = await authority.issue(id);
    return {
      id,
      certificate: write(`${account}.crt`, certificateChain),
      key: write(`${account}.key`, privateKey),
      both: write(`${account}.pem`, certificateChain + privateKey),
    };
  };
  return {
    authority: write('authority.crt', authority.trustBundle),
    client: await identity('client'),
    server: await identity('server'),
  };
}
