import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { accessMatrix } from '../../../src/analysis/matrix.ts';
import { matrixHtml } from '../../../src/cli/matrix/html.ts';
import { matrixSvg } from '../../../src/cli/matrix/svg.ts';
import { compile, group, pod, service, target } from '../../support/objects.ts';
import { runCli } from '../../support/run-cli.ts';

const bookstore = fileURLToPath(new URL('../../../examples/bookstore', import.meta.url));

/** A mesh of so many services in four namespaces, each open to the one before. */
function mesh(count: number) {
  const id = (index: number) => `team-${index % 4}/s${index}`;
  const numbers = [...Array(count).keys()];
  return accessMatrix(
    compile({
      services: numbers.map((index) => service(id(index))),
      pods: numbers.map((index) => pod(id(index))),
      routeGroups: [0, 1, 2, 3].map((team) => group(`team-${team}/g`, { m: { headers: { 'x-a': '<&>"' } } })),
      targets: numbers.slice(1).map((index) => target(id(index), `s${index}`, [id(index - 1)], ['HTTPRouteGroup g'])),
    }).model,
  );
}

describe('smi-cli matrix', () => {
  test('prints who may call whom', async () => {
    const { status, stdout } = await runCli(['matrix', bookstore]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^4 clients, 4 service ports: 0 may do all, 4 some, 12 nothing\n/);
    expect(stdout).toMatch(/default\/bookbuyer +\+ {2}\+ {2}\+ {2}\.\n/);
    expect(stdout).toMatch(/default\/bookbuyer {2}some {2}GET .* by default\/buyer-to-bookstore {2}to .*v1:14001 90 %/);
  });

  test('writes CSV with a line for each client and service port', async () => {
    const { stdout } = await runCli(['matrix', bookstore, '-o', 'csv']);
    const lines = stdout.trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + 4 * 4);
    expect(lines[0]).toMatch(/^client,pods,service,port,protocol,access,/);
    expect(lines[1]).toMatch(/^default\/bookbuyer,yes,default\/bookstore,14001,http,some,"GET /);
  });

  test('exits 1 when a manifest has an error, and prints the rest all the same', async () => {
    const { status, stdout } = await runCli(['matrix', '-'], {
      stdin: 'apiVersion: v1\nkind: Service\nmetadata: {name: X Y}\n',
    });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^0 clients, 0 service ports/);
  });
});

describe('the picture', () => {
  test('has a mark for each pair while they are few', () => {
    const svg = matrixSvg(mesh(10));
    expect(svg.match(/<g><title>/g)).toHaveLength(100);
    expect(svg).toContain('team-0/s0 → team-1/s1:80');
  });

  test('has a mark for each pair of namespaces when services are many', () => {
    const svg = matrixSvg(mesh(61));
    expect(svg.match(/<g><title>/g)).toHaveLength(16);
    expect(svg).toContain('team-0 → team-1\n0 may do all, 15 some, 225 nothing');
  });

  test('needs nothing from elsewhere, and takes no text for markup', () => {
    const html = matrixHtml(mesh(8));
    expect(html).not.toMatch(/(?:src|href)=|url\(|@import|<script/);
    expect(html).toContain('x-a=~&lt;&amp;&gt;&quot;');
    expect(html).not.toContain('<&>');
  });
});
