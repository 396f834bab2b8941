import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Topology, TopologyEdge, TopologyNode } from '../../src/dashboard/api/contract.ts';
import { launch, noBrowser } from './support/browser.ts';

const services = 300;
const calls = 1_000;
const namespaces = 12;

/** So many services, with calls mostly within their namespace. */
function largeTopology(): Topology {
  const nodes = Array.from({ length: services }, (_, index): TopologyNode => {
    const namespace = `team-${index % namespaces}`;
    const name = `service-${index}`;
    const id = `workload:${namespace}/Deployment/${name}`;
    return {
      id,
      kind: 'workload',
      namespace,
      name,
      owner: 'Deployment',
      services: [`${namespace}/${name}`],
      ready: 2,
      pods: 2,
    };
  });
  const edges = Array.from({ length: calls }, (_, index): TopologyEdge => {
    const from = index % services;
    const step = namespaces * (1 + (index % 7)) + (index % 5 === 0 ? 1 : 0);
    const golden = {
      requests: 300,
      perSecond: 10,
      success: 0.99,
      failures: 3,
      denied: 0,
      retries: 0,
      p50: 2,
      p90: 5,
      p99: 9,
    };
    return {
      from: nodes[from]!.id,
      to: nodes[(from + step + Math.floor(index / services)) % services]!.id,
      kind: 'call',
      granted: true,
      golden,
    };
  });
  return { traffic: { windowSeconds: 30, observedSeconds: 30, at: 0 }, nodes, edges };
}

describe.skipIf(noBrowser !== undefined)(`a mesh of ${services} services${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const answers: Readonly<Record<string, readonly [type: string, text: () => string]>> = {
    '/': ['text/html', () => asset('index.html')],
    '/assets/app.js': ['text/javascript', () => asset('app.js')],
    '/assets/app.css': ['text/css', () => asset('app.css')],
    '/api/topology': ['application/json', () => JSON.stringify(largeTopology())],
  };
  const server = createServer((request, response) => {
    const [type, text] = answers[(request.url ?? '').split('?')[0] ?? ''] ?? [];
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' });
    response.end(text?.());
  });

  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('stays usable while it is moved', async () => {
    const browser = await launch();
    try {
      const page = await browser.newPage({ viewport: { width: 1360, height: 800 } });
      page.setDefaultTimeout(100_000);
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.getByRole('button', { name: /^service-299/ }).waitFor({ state: 'attached' });
      const drawn = await page.evaluate(() => performance.now());
      const frames = await page.evaluate<number>(panning);
      console.log(
        `${services} services, ${calls} calls: drawn after ${Math.round(drawn)} ms, ${frames.toFixed(1)} frames/s while panning`,
      );
      // Thirty on an idle machine; tests share theirs, and have no graphics card.
      expect(frames).toBeGreaterThan(3);
    } finally {
      await browser.close();
    }
  });
});

function asset(name: string): string {
  return readFileSync(`dist/dashboard/${name}`, 'utf8');
}

/** Runs in the page: frames per second while the graph is dragged about. */
const panning = `(async () => {
  const graph = document.querySelector('.graph');
  const move = (type, x, y) =>
    graph.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, bubbles: true, button: 0 }));
  // A pointer that nobody holds cannot be captured.
  graph.setPointerCapture = () => undefined;
  const count = 120;
  move('pointerdown', 400, 300);
  const startedAt = performance.now();
  for (let frame = 0; frame < count; frame += 1) {
    move('pointermove', 400 + 200 * Math.sin(frame / 10), 300 + 120 * Math.cos(frame / 10));
    await new Promise(requestAnimationFrame);
  }
  move('pointerup', 400, 300);
  return (count * 1000) / (performance.now() - startedAt);
})()`;
