import { err, ok, type Result } from '../lib/result.ts';
import { ipv6Addresses } from './addresses.ts';
import type { Interception } from './interception.ts';
import { type Backend, backends, program, type Ran, runIptables } from './iptables.ts';
import { type Chain, chains, cleanupText, type IpFamily, jumpTo, restoreText } from './rules.ts';

/** Why the rules are not as they have to be, and what to do. */
export interface InterceptionFault {
  readonly message: string;
  readonly hint: string;
}

export interface ApplyOptions {
  readonly interception: Interception;
  /** Whether the pod has an Envoy. */
  readonly envoy: boolean;
  readonly onProgress: (line: string) => void;
}

const names: Readonly<Record<IpFamily, string>> = { 4: 'IPv4', 6: 'IPv6' };
const allChains: readonly Chain[] = Object.values(chains);

/**
 * Sets the rules of redirection in the network that this process is in, in one step for each stack; rules that are there already
 * stay. On failure the stacks that are done stay redirected: a pod must not run with the other one open.
 */
export async function applyInterception(options: ApplyOptions): Promise<Result<void, InterceptionFault>> {
  for (const family of [4, 6] as const) {
    const addresses = family === 4 ? 'some' : ipv6Addresses();
    if (addresses === 'unsupported') {
      options.onProgress('IPv6: not in this network, nothing to redirect');
      continue;
    }
    const applied = await applyFamily(family, options);
    if (applied.ok) continue;
    // Addresses that end at this machine and its link lead nowhere that a sidecar would be asked about.
    if (addresses === 'link') options.onProgress(`IPv6: not redirected, and has no address; ${applied.error.message}`);
    else return applied;
  }
  return ok(undefined);
}

async function applyFamily(
  family: IpFamily,
  { interception, envoy, onProgress }: ApplyOptions,
): Promise<Result<void, InterceptionFault>> {
  const failures: Ran[] = [];
  for (const backend of backends) {
    const missing: Chain[] = [];
    for (const chain of allChains) if (!(await isEntered(family, backend, chain))) missing.push(chain);
    const restore = (hopLimit: boolean) =>
      runIptables(
        program(family, backend, '-restore'),
        ['--noflush'],
        restoreText(family, { interception, hopLimit }, missing),
      );
    let ran = await restore(envoy);
    if (envoy && ran.code !== 0 && !ran.missing) {
      ran = await restore(false);
      if (ran.code === 0)
        onProgress(`${names[family]}: the kernel cannot match hop limits; the pod cannot call itself`);
    }
    if (ran.code === 0) {
      onProgress(`${names[family]}: redirected by ${program(family, backend, '')}`);
      return ok(undefined);
    }
    failures.push(ran);
  }
  return err(explain(family, failures));
}

/** Removes every trace of the rules, by whichever way they were set. */
export async function removeInterception(onProgress: (line: string) => void): Promise<Result<void, InterceptionFault>> {
  for (const family of [4, 6] as const) {
    for (const backend of backends) {
      const existing: Chain[] = [];
      const entered: Chain[] = [];
      for (const chain of allChains) {
        const listed = await runIptables(program(family, backend, ''), ['-t', 'nat', '-S', chain.name]);
        if (listed.code === 0) existing.push(chain);
        if (await isEntered(family, backend, chain)) entered.push(chain);
      }
      if (existing.length === 0) continue;
      const restore = program(family, backend, '-restore');
      const removed = await runIptables(restore, ['--noflush'], cleanupText(existing, entered));
      if (removed.code !== 0) return err(explain(family, [removed]));
      onProgress(`${names[family]}: no longer redirected by ${program(family, backend, '')}`);
    }
  }
  return ok(undefined);
}

/** Whether our chains are there and entered, for IPv4; set by whichever way. Changes nothing. */
export async function isIntercepted(): Promise<boolean> {
  for (const backend of backends) {
    let entered = 0;
    for (const chain of allChains) if (await isEntered(4, backend, chain)) entered += 1;
    if (entered === allChains.length) return true;
  }
  return false;
}

async function isEntered(family: IpFamily, backend: Backend, chain: Chain): Promise<boolean> {
  const ran = await runIptables(program(family, backend, ''), ['-t', 'nat', '-C', ...jumpTo(chain)]);
  return ran.code === 0;
}

function explain(family: IpFamily, failures: readonly Ran[]): InterceptionFault {
  const tried = failures.filter(({ missing }) => !missing);
  if (tried.length === 0) {
    return {
      message: 'there is no iptables',
      hint: 'Use the image of smi-mesh for smi-mesh-init, which has both kinds.',
    };
  }
  const said = tried.map(({ output }) => output.split('\n').find((line) => line.trim() !== '') ?? '').join('; ');
  if (/permission denied|operation not permitted|must be root/i.test(said)) {
    const message = `${names[family]}: the rules of redirection may not be set here: ${said}`;
    const hint =
      'The container smi-mesh-init needs the capabilities NET_ADMIN and NET_RAW and the user 0; where Pod Security refuses that, use the CNI plug-in (docs/injection.md).';
    return { message, hint };
  }
  return {
    message: `${names[family]}: the kernel of the node cannot redirect: ${said}`,
    hint: 'The kernel needs nf_tables or ip_tables with nat, REDIRECT and owner; load nft_compat, xt_REDIRECT and xt_owner, or iptable_nat.',
  };
}
