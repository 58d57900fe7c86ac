import { look } from '../helpers/look';
import { CLOSED_URL } from '../helpers/services';
import { expect, test } from '../helpers/test';

test.use({ baseURL: CLOSED_URL });

test('while the service is closed hosts and guests see that it is down for maintenance', async ({ page, expectsStatus }) => {
  expectsStatus(503);
  for (const [path, heading] of [
    ['/dashboard', "We're down for maintenance"],
    [`/i/${'a'.repeat(43)}`, "We're down for maintenance"],
  ]) {
    const answer = await page.goto(path);
    expect([answer?.status(), answer?.headers()['retry-after']]).toEqual([503, '120']);
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await look(page);
  }
  expect((await page.request.get('/health')).status()).toBe(200);
});
