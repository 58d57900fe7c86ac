import { test, expect } from '../helpers/test';
import { look } from '../helpers/look';
test('probe', async ({ page, someoneElse, expectsStatus }) => {
  await page.goto('/');
  console.log('eval', await page.evaluate(() => 1 + 1), page.viewportSize());
  await look(page);
  const g = await someoneElse({ javaScriptEnabled: false });
  console.log(g.viewportSize());
  await g.goto('/sign-up');
  console.log(await g.locator('noscript').count(), await g.evaluate(() => matchMedia('(prefers-reduced-motion: reduce)').matches));
  expectsStatus(404);
  await g.goto('/i/nope');
  await look(g);
  await g.goto('/nope');
  await look(g);
});
