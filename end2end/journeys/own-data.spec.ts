import { readFileSync } from 'node:fs';
import { YEAR, hostWithGuest, linkOf, post, signIn } from '../helpers/actors';
import { look } from '../helpers/look';
import { choose } from '../helpers/pages';
import { expect, test } from '../helpers/test';

test('a guest sees, edits and downloads their data, unsubscribes, and deletes it', async ({
  page,
  someoneElse,
  expectsStatus,
}) => {
  const { event, guest, link } = await hostWithGuest(page);
  const visitor = await someoneElse();
  await visitor.goto(link);
  await choose(visitor, 'Maybe');
  await visitor.getByLabel('Message to the host').fill('I am allergic to nuts');
  await visitor.getByRole('button', { name: 'Send RSVP' }).click();
  await visitor.getByRole('link', { name: 'View, edit or delete your data' }).click();
  await expect(visitor.getByRole('heading', { level: 1, name: 'Your data' })).toBeVisible();
  await expect(visitor.getByRole('definition').filter({ hasText: guest.email })).toBeVisible();
  await visitor.getByText('Your replies').click();
  await expect(visitor.getByText('allergic to nuts')).toBeVisible();
  await look(visitor);

  await visitor.getByLabel('Name', { exact: true }).fill('');
  await visitor.locator('form').evaluateAll(forms => forms.forEach(form => form.setAttribute('novalidate', '')));
  await visitor.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(visitor.getByText('Please fill this in.')).toBeVisible();
  await look(visitor);
  await visitor.getByLabel('Name', { exact: true }).fill('Ada King');
  await visitor.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(visitor.getByRole('status')).toContainText('Saved. Your host will see the changes.');
  await linkOf(page, event, 'Ada King');

  const download = visitor.waitForEvent('download');
  await visitor.getByRole('link', { name: 'Download my data' }).click();
  const copy = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
  expect(copy).toMatchObject({ name: 'Ada King', email: guest.email, rsvps: [{ answer: 'maybe', message: 'I am allergic to nuts' }] });

  await visitor.getByRole('button', { name: `Unsubscribe ${guest.email} from emails` }).click();
  await expect(visitor.getByRole('status')).toContainText('Unsubscribed.');
  await expect(visitor.getByText('at the foot of any of these emails')).toBeVisible();
  await look(visitor);

  await visitor.getByRole('link', { name: 'Delete my data' }).click();
  await look(visitor);
  expectsStatus(410);
  await visitor.getByRole('button', { name: 'Delete my data' }).click();
  await expect(visitor.getByRole('heading', { level: 1, name: 'Your data has been deleted' })).toBeVisible();
  await look(visitor);

  await page.goto(`${event}/guests`);
  await expect(page.getByText(guest.email)).toHaveCount(0);
  await page.getByRole('link', { name: 'Anonymous guest' }).click();
  await expect(page.getByText("This guest's data was deleted")).toBeVisible();
  await expect(page.getByText('Maybe')).toBeVisible();
  await look(page);
});

test('a host sets the retention period, exports their data, and deletes the account', async ({ page, expectsStatus }) => {
  const { host, event, link } = await hostWithGuest(page);
  await page.goto(`${event}/edit`);
  await page.getByLabel('Delete guest data').selectOption('3 months after the event');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.goto(`${event}/guests`);
  await expect(page.getByText(`Guest data will be deleted on 20 September ${YEAR}`)).toBeVisible();

  await page.goto('/dashboard/account');
  await look(page);
  for (const [button, name] of [['Export your data', 'guestguard-data.zip'], ['Download JSON', 'guestguard-data.json']] as const) {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    expect((await download).suggestedFilename()).toBe(name);
    if (name.endsWith('.json')) {
      const data = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
      expect(data.guests.map((guest: { name: string }) => guest.name)).toEqual(['Ada Lovelace']);
      expect(data.account[0].email).toBe(host.email);
    }
  }
  await page.getByRole('button', { name: 'Email me when ready' }).click();
  await expect(page.getByText("We'll email you when it is ready").first()).toBeVisible();
  await expect(async () => {
    await page.goto('/dashboard/account');
    await expect(page.getByText('has been ready since')).toBeVisible({ timeout: 500 });
  }).toPass();
  await look(page);

  await page.getByRole('link', { name: 'Delete account' }).click();
  await expect(page.getByText('1 event with 1 guest')).toBeVisible();
  await look(page);
  await page.getByLabel(`To confirm, type ${host.email}`).fill('somebody@example.org');
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByText('Please type the email address of your account')).toBeVisible();
  await look(page);
  await page.getByLabel(`To confirm, type ${host.email}`).fill(host.email);
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByRole('status')).toContainText('Your account and its data have been deleted');
  await look(page);
  expectsStatus(404);
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'Invitation not found' })).toBeVisible();

  // The address is free again.
  const form = { 'form[name]': host.name, 'form[email]': host.email, 'form[password]': host.password, 'form[accepted]': 'true' };
  expect(await post(page, 'auth/sign-up', form)).toMatch(/\/sign-in$/);
  await signIn(page, host);
  await page.goto('/dashboard');
  await expect(page.getByText('Midsummer dinner')).toHaveCount(0);
});
