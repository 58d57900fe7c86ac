import { hostWithGuest, linkOf, openGuest } from '../helpers/actors';
import { look } from '../helpers/look';
import { emailTo, linkIn } from '../helpers/email';
import { expect, test } from '../helpers/test';

test('a link that was never issued shows that there is no such invitation', async ({ page, expectsStatus }) => {
  expectsStatus(404);
  for (const path of ['/i/nonsense', `/i/${'A'.repeat(43)}`, '/i/%F0%9F%8E%89']) {
    const response = await page.goto(path);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole('heading', { level: 1, name: 'Invitation not found' })).toBeVisible();
  }
  await look(page);
});

test('a page that does not exist says so and links to the home page', async ({ page, expectsStatus }) => {
  expectsStatus(404);
  const response = await page.goto('/no/such/page');
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
  await look(page);
  await page.getByRole('link', { name: 'Home' }).click();
  await expect(page).toHaveURL('/');
});

test('a replaced link is dead at once and the new one works', async ({ page, someoneElse, expectsStatus }) => {
  const { event, guest, link } = await hostWithGuest(page);
  expect(linkIn(await emailTo(guest.email, 'Midsummer dinner'))).toBe(link);
  await page.getByRole('button', { name: 'Reset link' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The old link no longer works.' })).toBeVisible();
  await look(page);
  const fresh = await page.getByRole('textbox', { name: 'Personal link' }).inputValue();
  expect(fresh).not.toBe(link);

  const visitor = await someoneElse();
  expectsStatus(410);
  expect((await visitor.goto(link))?.status()).toBe(410);
  await expect(visitor.getByRole('heading', { level: 1, name: 'This link is no longer valid' })).toBeVisible();
  await expect(visitor.getByText('Midsummer dinner')).toHaveCount(0);
  await look(visitor);
  expect((await visitor.request.get(`${link}/event.ics`)).status()).toBe(410);
  expect((await visitor.goto(fresh))?.status()).toBe(200);
  await expect(visitor.getByRole('heading', { level: 1, name: 'Midsummer dinner' })).toBeVisible();
  expect(await linkOf(page, event, guest.name)).toBe(fresh);
});

test('the link of a removed guest is no longer valid', async ({ page, someoneElse, expectsStatus }) => {
  const { event, guest, link } = await hostWithGuest(page);
  await openGuest(page, event, guest.name);
  await page.getByRole('button', { name: 'Remove guest' }).click();
  await expect(page.getByRole('status')).toContainText('1 guest removed.');

  const visitor = await someoneElse();
  expectsStatus(410);
  expect((await visitor.goto(link))?.status()).toBe(410);
  await expect(visitor.getByRole('heading', { level: 1, name: 'This invitation is no longer valid' })).toBeVisible();
});

test('a guest whose link was replaced while the form was open is told so', async ({ page, someoneElse, expectsStatus }) => {
  const { link } = await hostWithGuest(page);
  const visitor = await someoneElse();
  await visitor.goto(link);
  await page.getByRole('button', { name: 'Reset link' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The old link no longer works.' })).toBeVisible();
  expectsStatus(410);
  await visitor.locator('label').filter({ hasText: 'Yes' }).click();
  await visitor.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(visitor.getByRole('heading', { level: 1, name: 'This link is no longer valid' })).toBeVisible();
});
