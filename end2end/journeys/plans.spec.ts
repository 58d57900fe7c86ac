import { invite, linkOf, planEvent, post, signUp } from '../helpers/actors';
import { look } from '../helpers/look';
import { choose } from '../helpers/pages';
import { SHOP_URL, STRIPE_SECRET, STRIPE_URL } from '../helpers/services';
import { expect, test } from '../helpers/test';

test.use({ baseURL: SHOP_URL });

test.beforeAll(async ({ request }) => {
  const data = { webhook: `${SHOP_URL}/webhooks/stripe`, secret: STRIPE_SECRET };
  await request.post(`${STRIPE_URL}/_set`, { data });
});

test('a full plan is made larger, changed, cancelled and ended, and guests notice nothing', async ({ page, someoneElse }) => {
  await signUp(page, 'Ana Host');
  const event = await planEvent(page);
  await invite(page, event, 'Ada Lovelace <ada@example.org>');
  const link = await linkOf(page, event, 'Ada Lovelace');

  // The limit, and what was typed is still there.
  await page.goto('/dashboard/events/new');
  await expect(page.getByText('1 of 1 event')).toBeVisible();
  await look(page);
  await page.getByLabel('Title').fill('Winter concert');
  await page.locator('#starts').fill(`${new Date().getFullYear() + 1}-12-01T19:00`);
  await page.getByRole('button', { name: 'Create event' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your plan is full' });
  await expect(dialog).toBeVisible();
  await look(page);
  await dialog.getByRole('button', { name: 'Not now' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel('Title')).toHaveValue('Winter concert');
  await page.getByRole('button', { name: 'Create event' }).click();
  await dialog.getByRole('link', { name: 'See what Pro offers' }).click();

  // The checkout, left once and then paid.
  await expect(page.getByRole('heading', { name: 'Current plan: Free' })).toBeVisible();
  await look(page);
  await page.getByRole('button', { name: 'Choose Pro, monthly' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('heading', { name: 'Current plan: Free' })).toBeVisible();
  await page.getByRole('button', { name: 'Choose Pro, monthly' }).click();
  await page.getByRole('button', { name: 'Pay and subscribe' }).click();
  await expect(page.getByRole('heading', { name: 'Current plan: Pro' })).toBeVisible();
  await expect(page.getByText(/Pro, paid monthly\. It renews on/)).toBeVisible();
  await look(page);
  await planEvent(page, { title: 'Winter concert' });

  // Cancelled by mistake, then larger.
  await page.goto('/dashboard/billing');
  await page.locator('summary').filter({ hasText: 'Cancel plan' }).click();
  await page.getByRole('button', { name: 'Cancel plan' }).click();
  await expect(page.getByRole('status')).toContainText('Plan cancelled.');
  await look(page);
  await page.getByRole('button', { name: 'Resume plan' }).click();
  await expect(page.getByRole('status')).toContainText('Plan resumed.');
  await page.getByRole('button', { name: 'Choose Business, yearly' }).click();
  await page.getByRole('button', { name: 'Confirm the change' }).click();
  await expect(page.getByRole('heading', { name: 'Current plan: Business' })).toBeVisible();

  // Ended in the portal: everything stays, only what is new waits.
  await page.getByRole('button', { name: 'Manage payment' }).click();
  await page.getByRole('button', { name: 'Cancel subscription now' }).click();
  await expect(page.getByRole('heading', { name: 'Current plan: Free' })).toBeVisible();
  await page.goto(`${event}/guests`);
  await expect(page.getByRole('link', { name: 'Ada Lovelace' })).toBeVisible();
  await expect(page.getByText('1 of 50 guests')).toBeVisible();
  await look(page);
  await post(page, 'guests/paste', { event: event.split('/').pop()!, 'form[text]': 'Bo Chan <bo@example.org>' });
  await page.goto(`${event}/invite`);
  await page.getByRole('button', { name: 'Send 1 invitation' }).click();
  await expect(page.getByRole('dialog', { name: 'Too many events for your plan' })).toBeVisible();
  await look(page);

  const visitor = await someoneElse();
  await visitor.goto(link);
  await choose(visitor, 'Yes');
  await visitor.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(visitor.getByRole('heading', { name: "You're going!" })).toBeVisible();
});

test('everybody sees the prices, and an import shows which guests exceed the plan', async ({ page }) => {
  await page.goto('/pricing');
  await expect(page.getByRole('heading', { level: 1, name: 'Pricing' })).toBeVisible();
  await expect(page.getByText('1,000 guests per event')).toBeVisible();
  await look(page);

  await signUp(page, 'Ben Host');
  const event = await planEvent(page);
  await page.goto(`${event}/guests/import`);
  const rows = Array.from({ length: 52 }, (_, n) => `Guest ${n},guest${n}@example.org\n`).join('');
  await page.setInputFiles('input[type=file]', { name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from(`Name,Email\n${rows}`) });
  await page.locator('main form button[type=submit]').first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Review import' })).toBeVisible();
  await page.getByRole('link', { name: '2 over the limit' }).click();
  await expect(page.getByText('These lines exceed the guest limit of your plan.')).toBeVisible();
  await look(page);
  await page.getByRole('button', { name: 'Import all 52 guests' }).click();
  await expect(page.getByRole('dialog', { name: 'This list is full' })).toBeVisible();
  await page.getByRole('button', { name: 'Not now' }).click();
  await page.getByRole('button', { name: 'Import 50 guests' }).click();
  await page.goto(`${event}/guests`);
  await expect(page.getByText('50 of 50 guests')).toBeVisible();
});
