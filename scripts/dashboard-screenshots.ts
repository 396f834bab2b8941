// Writes docs/img/dashboard-VIEW-SCHEME.png from the running bookstore. Needs Chromium and a built page (node scripts/dashboard.mjs).
import { runBookstore } from '../test/dashboard/support/bookstore.ts';
import { launch } from '../test/dashboard/support/browser.ts';

const views = {
  topology: 'topology',
  splits: 'splits/default/bookstore',
  access: 'access?sel=default%2Fbookthief+default%2Fbookstore%3A14001',
} as const;
/** For the numbers of a whole window, and some of its history. */
const settleMillis = 25_000;
const viewMillis = 6_000;

const [mesh, browser] = await Promise.all([runBookstore(), launch()]);
try {
  await new Promise((resolve) => setTimeout(resolve, settleMillis));
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1180, height: 700 }, colorScheme });
    await page.goto(mesh.url);
    for (const [name, hash] of Object.entries(views)) {
      await page.goto(new URL(`/#/${hash}`, mesh.url).href);
      await page.waitForTimeout(viewMillis);
      await page.screenshot({ path: `docs/img/dashboard-${name}-${colorScheme}.png` });
    }
    await page.close();
  }
} finally {
  await browser.close();
  await mesh.stop();
}
