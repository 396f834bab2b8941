import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EjectionsPage } from '../../src/dashboard/api/contract.ts';
import { envoyBinary } from '../support/envoy.ts';
import { seriousFaults } from './support/accessibility.ts';
import { type RunningBookstore, runBookstore } from './support/bookstore.ts';
import { launch, noBrowser } from './support/browser.ts';
import { addSickWarehouse } from './support/sick-warehouse.ts';

const { path: envoy = '', reason: noEnvoy } = envoyBinary();
const lacking = noBrowser ?? noEnvoy;
const waitMillis = 60_000;
/** Orders are few: on a slow machine it takes a while until five have failed. */
const ejectedMillis = 150_000;

describe.skipIf(lacking !== undefined)(`a pod that fails${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let mesh: RunningBookstore;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [mesh, browser] = await Promise.all([runBookstore(addSickWarehouse, ['--envoy', envoy]), launch()]);
    page = await browser.newPage({ viewport: { width: 1360, height: 800 } });
    page.setDefaultTimeout(waitMillis);
  });

  afterAll(async () => {
    await browser?.close();
    await mesh?.stop();
  });

  const open = async (hash: string) => {
    await page.goto(new URL(`/#/${hash}`, mesh.url).href);
  };

  it('is said to be ejected by our proxy and by Envoy, as JSON', { timeout: 2 * ejectedMillis }, async () => {
    const ejected = async () => {
      const response = await fetch(new URL('/api/ejections', mesh.url));
      const { ejections } = (await response.json()) as EjectionsPage;
      return ejections.filter(({ service }) => service === 'default/bookwarehouse');
    };
    await expect
      .poll(async () => (await ejected()).map(({ proxy }) => proxy), { timeout: ejectedMillis, interval: 500 })
      .toEqual(['default/bookstore-v1-0', 'default/bookstore-v2-0']);
    const [ours, envoys] = await ejected();
    const what = { service: 'default/bookwarehouse', port: 14001, workload: 'default/sick-0' };
    expect(envoys).toMatchObject(what);
    expect(ours).toMatchObject({ ...what, why: '5 failures in a row' });
    expect(ours!.since).toBeLessThanOrEqual(Date.now());
    expect(ours!.until! - ours!.since!).toBe(600_000);
  });

  it('is shown in the view of its service, with who ejects it, since when, why and until when', async () => {
    await open('service/default/bookwarehouse');
    const row = page.getByRole('region', { name: 'Pods' }).getByRole('row').filter({ hasText: 'sick-0' });
    await row.getByText(/since .* ago, 5 failures in a row, probed in \d+ s/).waitFor();
    await row.getByText('bookstore-v2-0').waitFor();
    const sound = page.getByRole('region', { name: 'Pods' }).getByRole('row').filter({ hasText: 'bookwarehouse-0' });
    await sound.getByText('nobody').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('is shown beside the proxies that eject it', async () => {
    await open('proxies');
    const rows = page.getByRole('region', { name: 'Proxies' }).getByRole('row');
    const ejecting = rows.filter({ hasText: /ejects sick-0 of bookwarehouse:14001/ });
    await ejecting.nth(1).waitFor();
    expect(await ejecting.count()).toBe(2);
    expect(await seriousFaults(page)).toEqual([]);
  });
});
