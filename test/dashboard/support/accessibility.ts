import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds of serious and critical faults in a page as it is. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run();
    return violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0]?.html ?? '' }));
  });
  return found.flatMap(({ id, impact, html }) =>
    impact === 'serious' || impact === 'critical' ? [`${id}: ${html.slice(0, 200)}`] : [],
  );
}
