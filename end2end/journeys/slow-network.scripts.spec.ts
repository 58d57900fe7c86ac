import { planEvent, signUp } from '../helpers/actors';
import { awake } from '../helpers/look';
import { expect, test, type Page } from '../helpers/test';

/** Holds the scripts of the page back until they are let through. */
async function holdScripts(page: Page): Promise<() => void> {
  let letThrough = () => {};
  const gate = new Promise<void>(resolve => (letThrough = resolve));
  await page.route(/\.wasm$/, async route => {
    await gate;
    await route.continue();
  });
  return letThrough;
}

test('a list that was pasted before the scripts arrived is read when they do', async ({ page }) => {
  await signUp(page);
  const letThrough = await holdScripts(page);
  await page.goto(`${await planEvent(page)}/guests/paste`);
  const list = page.getByLabel('Names and emails');
  await list.fill('Ada\nBea');
  letThrough();
  await awake(page);
  await expect(list).toHaveValue('Ada\nBea');
  await expect(page.getByRole('status')).toHaveText('2 ready.');
});

test('the preview shows what was typed before the scripts arrived', async ({ page }) => {
  await signUp(page);
  const letThrough = await holdScripts(page);
  await page.goto('/dashboard/events/new');
  await page.getByLabel('Title').fill('Barn dance');
  letThrough();
  await awake(page);
  await expect(page.getByLabel('Title')).toHaveValue('Barn dance');
  await expect(page.getByRole('complementary', { name: 'Preview' })).toContainText('Barn dance');
});
