import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from './test';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Waits until all islands of the page work. Without scripts there is nothing to wait for. */
export async function awake(page: Page) {
  if (true) {
    await expect(page.locator('[data-island]:not([data-ready="true"])')).toHaveCount(0);
  }
}

/** What holds for every page: awake, a title, one heading, nothing beyond the right edge, no fault that axe knows. */
export async function look(page: Page) {
  await awake(page);
  await expect(page).toHaveTitle(/\S/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(beyond, 'pixels beyond the right edge').toBeLessThanOrEqual(0);
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  const faults = violations.flatMap(({ id, help, nodes }) => nodes.map(node => `${id}: ${help}: ${node.html} ${node.failureSummary}`));
  expect(faults, `faults that axe found at ${page.url()}`).toEqual([]);
}
