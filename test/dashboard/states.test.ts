import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seriousFaults } from './support/accessibility.ts';
import { launch, noBrowser } from './support/browser.ts';
import { chain, PlayedMesh } from './support/played-mesh.ts';

const waitMillis = 60_000;

describe.skipIf(noBrowser !== undefined)(
  `the page when not all is well${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    let mesh: PlayedMesh;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());

    beforeEach(async () => {
      mesh = await PlayedMesh.start();
      page = await browser.newPage({ viewport: { width: 1360, height: 800 } });
      page.setDefaultTimeout(waitMillis);
    });
    afterEach(async () => {
      await page.close();
      await mesh.stop();
    });

    const open = (hash: string) => page.goto(new URL(`/#/${hash}`, mesh.url).href);
    const main = () => page.getByRole('main');
    const status = () => page.getByRole('status');

    it('says of every view that there is nothing, and why', async () => {
      const views = [
        ['topology', 'This mesh has no workloads.'],
        ['topology?as=table', 'This mesh has no workloads.'],
        ['catalogue', 'This mesh has no Services.'],
        ['splits', 'No split is in force.'],
        ['access', 'This mesh has no Services that could be called.'],
        ['tap', 'nothing'],
        ['proxies', 'no proxy is connected'],
        ['audit', 'Nothing has changed.'],
        ['diagnostics', 'Nothing is wrong with the manifests.'],
        ['nonsense', 'There is no view nonsense.'],
      ] as const;
      for (const [hash, text] of views) {
        await open(hash);
        await main().getByText(text).first().waitFor();
        expect(await seriousFaults(page), hash).toEqual([]);
      }
    });

    it('shows an answer that takes longer than the time between two changes', async () => {
      mesh.play('/api/topology', { value: chain(3), after: 700 });
      await open('topology');
      await main().getByText('reading …').waitFor();
      await page.getByRole('button', { name: /^w2/ }).waitFor();
    });

    it('says what is wrong, and no longer once it is right again, even if nothing else has changed', async () => {
      await open('proxies');
      await main().getByText('no proxy is connected').waitFor();
      mesh.play('/proxies', { status: 503, value: { error: 'nothing has been read yet' } });
      const alert = page.getByRole('alert').getByText('nothing has been read yet');
      await alert.waitFor();
      await main().getByText('no proxy is connected').waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      mesh.play('/proxies');
      await alert.waitFor({ state: 'detached' });
    });

    it('says that the control plane is away, keeps what it knew, and goes on when it is back', async () => {
      mesh.play('/api/topology', { value: chain(2) });
      await open('topology');
      await status().getByText('live').waitFor();
      await page.getByRole('button', { name: /^w1/ }).waitFor();
      mesh.away = true;
      await status()
        .getByText(/^not connected since .*: what is shown may be old$/)
        .waitFor();
      await page.getByRole('alert').getByText('the control plane does not answer').waitFor();
      expect(await page.getByRole('button', { name: /^w1/ }).count()).toBe(1);
      expect(await seriousFaults(page)).toEqual([]);
      mesh.play('/api/topology', { value: chain(4) });
      mesh.away = false;
      await status().getByText('live').waitFor();
      await page.getByRole('button', { name: /^w3/ }).waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
    });

    it('shows the whole where a shared link selects what is gone', async () => {
      mesh.play('/api/topology', { value: chain(3) });
      await open('topology?sel=workload%3Ashop%2FDeployment%2Fgone');
      await page.getByRole('button', { name: /^w2/ }).waitFor();
      expect(await page.locator('.edge.dimmed').count()).toBe(0);
      await open('topology?sel=workload%3Ashop%2FDeployment%2Fw0');
      await page.locator('.edge.dimmed').first().waitFor();
    });

    it('keeps in sight what the keyboard comes to in the graph', async () => {
      mesh.play('/api/topology', { value: chain(12) });
      await open('topology');
      const graph = page.getByRole('region', { name: /^Graph of calls/ });
      const last = page.getByRole('button', { name: /^w11/ });
      await last.waitFor();
      await graph.focus();
      for (let step = 0; step < 8; step += 1) await page.keyboard.press('+');
      const inSight = async () => {
        const [at, frame] = await Promise.all([last.boundingBox(), graph.boundingBox()]);
        return at!.x >= frame!.x && at!.x + at!.width <= frame!.x + frame!.width;
      };
      await expect.poll(inSight, { timeout: waitMillis }).toBe(false);
      for (let step = 0; step < 12; step += 1) await page.keyboard.press('Tab');
      await expect.poll(inSight, { timeout: waitMillis }).toBe(true);
      await page.keyboard.press('Enter');
      await page.getByRole('complementary', { name: 'Details of w11' }).waitFor();
    });

    it('has in its form what the address says, also when that changes', async () => {
      await open('explain?from=buyer&to=store%3A80');
      const from = page.locator('input[name=from]');
      await expect.poll(() => from.inputValue(), { timeout: waitMillis }).toBe('buyer');
      await open('explain?from=thief&to=store%3A80&kind=tcp');
      await expect.poll(() => from.inputValue(), { timeout: waitMillis }).toBe('thief');
      await expect.poll(() => page.getByLabel('kind').inputValue(), { timeout: waitMillis }).toBe('tcp');
    });
  },
);
