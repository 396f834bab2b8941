import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function smiCli(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/main.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

const buyer = ['explain', 'examples/bookstore', '--from', 'bookbuyer', '--to', 'bookstore:14001'];
const thief = ['explain', 'examples/bookstore', '--from', 'bookthief', '--to', 'bookstore:14001'];

describe('smi-cli explain', () => {
  it('exits 0 for what is allowed, with the lines that decide', () => {
    const { status, stdout } = smiCli(...buyer, '--path', '/books-bought');
    expect(stdout).toMatch(/^allowed: GET \/books-bought from default\/bookbuyer-0 to default\/bookstore:14001\n/);
    expect(stdout).toMatch(/examples\/bookstore\/traffic-split\.yaml:\d+:\d+ {2}TrafficSplit default\/bookstore/);
    expect(status).toBe(0);
  });

  it('exits 1 for what is denied, and names what was missing', () => {
    const { status, stdout } = smiCli(...thief, '--path', '/books-bought');
    expect(stdout).toContain('the client is not among its sources');
    expect(status).toBe(1);
  });

  it('writes JSON', () => {
    const { status, stdout } = smiCli(...thief, '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'denied', route: { index: 0 } });
    expect(status).toBe(1);
  });

  it.each([
    [['--from', 'bookbuye', '--to', 'bookstore'], 'did you mean "bookbuyer"?'],
    [['--from', 'bookbuyer'], '--to'],
  ])('exits 2 for %j', (args, sentence) => {
    const { status, stderr } = smiCli('explain', 'examples/bookstore', ...args);
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  });
});

describe('smi-cli compile', () => {
  it('prints the model', () => {
    const { status, stdout } = smiCli('compile', 'examples/bookstore', '-o', 'json');
    expect(Object.keys(JSON.parse(stdout).services)).toContain('default/bookstore');
    expect(status).toBe(0);
  });

  it('prints an Envoy bootstrap that refers to keys by file', () => {
    const args = ['--to', 'envoy', '--workload', 'bookbuyer', '--key', '/keys/own.pem', '-o', 'json'];
    const { status, stdout } = smiCli('compile', 'examples/bookstore', ...args);
    expect(JSON.parse(stdout)).toMatchObject({ node: { id: 'default/bookbuyer-0' } });
    expect(stdout).toContain('"/keys/own.pem"');
    expect(stdout).not.toContain('PRIVATE KEY');
    expect(status).toBe(0);
  });

  it('says what Envoy cannot do exactly', () => {
    const folder = 'test/golden/policy-caller';
    const { stderr } = smiCli('compile', folder, '--to', 'envoy', '--workload', 'default/buyer');
    expect(stderr).toContain('warning[SMI5001]: envoy approximates');
  });

  it.each([
    [['--to', 'envoy'], 'belong together'],
    [['--to', 'envoi', '--workload', 'bookbuyer'], 'did you mean "envoy"?'],
  ])('exits 2 for %j', (args, sentence) => {
    const { status, stderr } = smiCli('compile', 'examples/bookstore', ...args);
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  });

  it('exits 1 for a path that is not there', () => {
    const { status, stderr } = smiCli('compile', 'examples/nothing-here');
    expect(stderr).toContain('SMI1001');
    expect(status).toBe(1);
  });
});
