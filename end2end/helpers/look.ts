import AxeBuilder from '@axe-core/playwright';
import type { BrowserContext } from '@playwright/test';
import { expect, type Page } from './test';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Whether the page's browser runs scripts. Evaluating works in either. */
const runsScripts = (page: Page) => page.evaluate(() => matchMedia('(scripting: enabled)').matches);

/** Waits until all islands of the page are hydrated. */
export async function awake(page: Page) {
  if (await runsScripts(page)) {
    await expect(page.locator('[data-island]:not([data-ready="true"])')).toHaveCount(0);
  }
}

/** Checks what holds for every page: hydrated, a title, one h1, no horizontal overflow, no axe violation. */
export async function look(page: Page) {
  await awake(page);
  await expect(page).toHaveTitle(/\S/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(beyond, `pixels beyond the right edge of ${page.url()}`).toBeLessThanOrEqual(0);
  const faults = (await runsScripts(page)) ? await axe(page) : await axeOnCopy(page);
  expect(faults, `faults that axe found at ${page.url()}`).toEqual([]);
}

async function axe(page: Page): Promise<string[]> {
  // Legacy mode only means frames of other sites, of which there are none, and takes half as long.
  const builder = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).withTags(WCAG);
  const { violations } = await builder.analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}: ${node.failureSummary}`));
}

const copies = new WeakMap<BrowserContext, Promise<Page>>();

/** axe needs scripts, so it gets a copy of the page in a browser that runs them; the page's own are left out. */
async function axeOnCopy(page: Page): Promise<string[]> {
  const context = page.context();
  if (!copies.has(context)) copies.set(context, scriptedPage(context));
  const copy = await copies.get(context)!;
  const body = (await page.content()).replace(/<script.*?<\/script>/gs, '');
  await copy.route(page.url(), route => route.fulfill({ contentType: 'text/html; charset=utf-8', body }), { times: 1 });
  await copy.goto('about:blank');
  await copy.goto(page.url());
  return axe(copy);
}

/** A page that runs scripts and is open for as long as `context`. */
async function scriptedPage(context: BrowserContext): Promise<Page> {
  const scripted = await context.browser()!.newContext({ javaScriptEnabled: true });
  // After the last test the browser may be gone first.
  context.once('close', () => void scripted.close().catch(() => undefined));
  return scripted.newPage();
}
