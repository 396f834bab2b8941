import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const why = cannotIntercept();

/** Why there can be no pod's network here; an error where everything has to be tried. */
function cannotIntercept(): string | undefined {
  try {
    for (const program of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft']) {
      execFileSync('unshare', ['--net', program, '-t', 'nat', '-S'], { stdio: 'pipe' });
    }
    for (const program of ['ip', 'nsenter', 'setpriv', 'curl', 'python3']) {
      execFileSync(program, [program === 'ip' ? '-V' : '--version'], { stdio: 'pipe' });
    }
    return undefined;
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
}

async function inOwnNetwork(name: string): Promise<Record<string, unknown>> {
  const program = fileURLToPath(new URL(`namespaces/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)('unshare', ['--net', process.execPath, program], { timeout: 110_000 });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe.skipIf(why !== undefined)(`a pod's network${why === undefined ? '' : ` (not tried: ${why})`}`, () => {
  let usual: Record<string, unknown> = {};
  let unusual: Record<string, unknown> = {};
  let byPlugin: Record<string, unknown> = {};
  beforeAll(async () => {
    const programs = ['redirected', 'circumstances', 'plugin'];
    [usual = {}, unusual = {}, byPlugin = {}] = await Promise.all(programs.map(inOwnNetwork));
  }, 120_000);

  const own = { 4: '10.77.0.2', 6: '[fd77::2]' } as const;
  const world = { 4: '10.77.0.1', 6: '[fd77::1]' } as const;
  const far = { 4: '10.78.0.1', 6: '[fd78::1]' } as const;
  const service = { 4: '10.96.0.10', 6: '[fd96::10]' } as const;
  const loopback = { 4: '127.0.0.1', 6: '[::1]' } as const;

  describe.each([4, 6] as const)('IPv%d', (ip) => {
    it.each([
      ['curl to a Service', `sidecar 15001 ${service[ip]}:80`],
      ['node to a Service', `sidecar 15001 ${service[ip]}:80`],
      ['python to a Service', `sidecar 15001 ${service[ip]}:80`],
      ['out', `sidecar 15001 ${world[ip]}:8080`],
      ['out as another user', `sidecar 15001 ${world[ip]}:8080`],
      ['included', `sidecar 15001 ${service[ip]}:80`],
      ['curl in', `sidecar 15006 ${own[ip]}:8080`],
      ['node in', `sidecar 15006 ${own[ip]}:8080`],
      ['python in', `sidecar 15006 ${own[ip]}:8080`],
      ['in to a port that nobody has', `sidecar 15006 ${own[ip]}:7777`],
      ['Envoy to its own pod', `['sidecar', '15006', '${own[ip]}:8080']`],
    ])('is redirected with the address that was meant: %s', (name, reached) => {
      expect(usual[`${name}, ${ip}`]).toBe(reached);
    });

    it.each([
      ['out to an excluded port', `outside 9000 ${world[ip]}:9000`],
      ['out to an excluded range', `outside 8080 ${far[ip]}:8080`],
      ['out as an excluded user', `outside 8080 ${world[ip]}:8080`],
      ['out as the sidecar', `outside 8080 ${world[ip]}:8080`],
      ['not included', `outside 8080 ${world[ip]}:8080`],
      ['DNS over TCP', `outside 53 ${world[ip]}:53`],
      ['a datagram out', 'outside'],
      ['a datagram in', 'program'],
      ['to itself at loopback', `program 8080 ${loopback[ip]}:8080`],
      ['to itself at its address', `program 8080 ${own[ip]}:8080`],
      ['sidecar to its program', `program 8080 ${own[ip]}:8080`],
      ['in to an excluded port', `program 9090 ${own[ip]}:9090`],
      ['in to health', `sidecar 15021 ${own[ip]}:15021`],
      ['in to metrics', `sidecar 15020 ${own[ip]}:15020`],
      ['afterwards', `outside 8080 ${world[ip]}:8080`],
    ])('is left alone: %s', (name, reached) => {
      expect(usual[`${name}, ${ip}`]).toBe(reached);
    });
  });

  it('a second run changes nothing, and connections that stand go on', () => {
    expect(usual).toMatchObject({ runs: '0,0', again: 'the same' });
    expect(usual['established before another run']).toBe(`sidecar 15001 ${service[4]}:80`);
  });

  it('the rules can be removed without a trace', () => {
    expect(usual).toMatchObject({ removed: '0', left: '0' });
  });

  it('whether connections are redirected can be tried without any privilege, ahead of the sidecar', () => {
    expect(usual).toMatchObject({ checked: '0', 'checked when it is too late': '3' });
    expect(unusual.notRedirected).toContain('IPv4: connections of this pod are not redirected');
  });

  it('without the capability the hint names it', () => {
    expect(unusual.unprivileged).toMatchObject({
      code: 3,
      output: expect.stringMatching(/hint: .*NET_ADMIN and NET_RAW/),
    });
  });

  it('without iptables it says so', () => {
    expect(unusual.nothing).toMatchObject({ code: 3, output: expect.stringContaining('there is no iptables') });
  });

  it('the older iptables does as well', () => {
    expect(unusual.legacy).toMatchObject({
      code: 0,
      output: expect.stringContaining('redirected by ip6tables-legacy'),
    });
    expect(unusual.legacyTraffic).toEqual(
      [4, 6].flatMap((ip) => [`sidecar 15001 ${service[ip as 4 | 6]}:80`, `sidecar 15006 ${own[ip as 4 | 6]}:8080`]),
    );
    expect(unusual).toMatchObject({ legacyAgain: 0, legacyCleaned: null });
    expect(unusual.legacyRules).toEqual(['-A OUTPUT -p tcp -j SMI_MESH_OUTBOUND']);
  });

  it('the CNI plug-in sets the rules of an injected pod from outside, and no others', () => {
    const add = { code: 0, output: '{"ips":[]}' };
    expect(byPlugin).toMatchObject({ before: 1, add, after: 0, unknown: 1, end: { code: 0, output: '' } });
    expect(byPlugin.traffic).toEqual([
      `sidecar 15001 ${service[4]}:80`,
      `outside 9000 ${world[4]}:9000`,
      `sidecar 15006 ${own[4]}:8080`,
      false,
    ]);
  });

  it('without IPv6 the other stack is redirected all the same', () => {
    expect(unusual.withoutIpv6).toMatchObject({
      code: 0,
      output: expect.stringContaining('IPv6: not in this network'),
    });
    expect(unusual.withoutIpv6Redirected).toBe(`sidecar 15001 ${service[4]}:80`);
  });
});
