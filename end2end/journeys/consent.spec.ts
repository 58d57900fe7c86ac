import { planEvent, signUp } from '../helpers/actors';
import { look } from '../helpers/look';
import { expect, test } from '../helpers/test';

test('the terms and the privacy policy are read from every page, and agreed to by a box that is not ticked beforehand', async ({ page }) => {
  await page.goto('/sign-up');
  const box = page.getByLabel('I agree to the terms');
  await expect(box).not.toBeChecked();
  await look(page);
  for (const [link, heading] of [['Terms', 'Terms'], ['Privacy', 'Privacy']]) {
    await page.goto('/');
    await page.getByRole('contentinfo').getByRole('link', { name: link }).click();
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await look(page);
  }
  await signUp(page);
  const event = await planEvent(page);
  await page.goto(event);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
