import { hostWithGuest, invite, openGuest, planEvent, signUp } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { emailTo } from '../helpers/email';
import { choose, figure } from '../helpers/pages';
import { expect, test } from '../helpers/test';

test('a removed guest is restored with link and reply', async ({ page, someoneElse }) => {
  const { event, guest, link } = await hostWithGuest(page);
  const visitor = await someoneElse();
  await visitor.goto(link);
  await choose(visitor, 'Yes');
  await visitor.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(visitor.getByRole('status')).toContainText("You're going!");

  await openGuest(page, event, guest.name);
  await page.getByRole('button', { name: 'Remove guest' }).click();
  await expect(page.getByRole('status')).toContainText('1 guest removed.');
  await expect(page.getByRole('heading', { name: 'No guests yet' })).toBeVisible();
  await look(page);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status')).toHaveText('Restored, with links and replies.');
  await expect(page.getByRole('row').filter({ hasText: guest.name })).toContainText('Attending');
  await visitor.reload();
  await expect(visitor.getByRole('status')).toContainText("You're going!");
});

test('several guests are selected, removed and restored', async ({ page, scripts }) => {
  await signUp(page);
  const event = await planEvent(page);
  await invite(page, event, 'Ada\nBea\nCara');
  await page.goto(`${event}/guests`);
  await awake(page);
  // On a phone the rows are cards without a head; selecting all is for larger screens.
  for (const name of ['Ada', 'Cara']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('status')).toContainText('2 guests removed.');
  await expect(page.getByRole('link', { name: 'Bea', exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Ada', exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: 'Ada', exact: true })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('3 guests');
  if (scripts) {
    await awake(page);
    await page.getByRole('checkbox', { name: 'Select all on this page' }).focus();
    await page.keyboard.press('Space');
    await expect(page.getByRole('checkbox', { name: 'Select Bea' })).toBeChecked();
  }
});

test('inviting somebody twice says that they are invited', async ({ page }) => {
  await signUp(page);
  const event = await planEvent(page);
  await invite(page, event, 'Ada');
  await page.goto(`${event}/guests`);
  await page.getByRole('checkbox', { name: 'Select Ada' }).check();
  await page.getByRole('button', { name: 'Send invitations' }).click();
  await expect(page.getByRole('heading', { name: 'All selected guests have been invited' })).toBeVisible();
  await look(page);
});

test('one guest is added, found, changed and invited', async ({ page }) => {
  const host = await signUp(page);
  const event = await planEvent(page);
  const email = host.email.replace('@', '+grace@');
  await page.goto(`${event}/guests`);
  await page.getByRole('link', { name: 'Add guest', exact: true }).first().click();
  await expect(page.getByLabel('Party size')).toHaveValue('2');
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Phone').fill('+44 (0)7911-123456');
  await page.getByLabel('Tags').fill('Navy, Table 4');
  await page.getByLabel('Private note').fill('Brings her own compiler.');
  await page.getByRole('button', { name: 'Add guest' }).click();
  await expect(page.getByRole('status')).toHaveText('Guest added: Grace Hopper.');
  const row = page.getByRole('row').filter({ hasText: 'Grace Hopper' });
  await expect(row).toContainText('Not invited');
  await expect(row).toContainText('Table 4');

  await page.getByRole('searchbox', { name: 'Search guests' }).fill('compiler');
  await page.getByRole('combobox', { name: 'Tag', exact: true }).selectOption('Navy');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('1 guest');
  await page.getByRole('searchbox', { name: 'Search guests' }).fill('nobody like that');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('No guests match.')).toBeVisible();
  await look(page);
  await page.getByRole('link', { name: 'Clear filters' }).click();

  await page.getByRole('link', { name: 'Grace Hopper' }).click();
  await expect(page.getByLabel('Phone')).toHaveValue('+447911123456');
  await page.getByLabel('Party size').fill('3');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status')).toHaveText('Saved.');
  await expect(page.getByLabel('Party size')).toHaveValue('3');
  await page.getByRole('button', { name: 'Send invitation' }).click();
  await expect(page.getByRole('status')).toHaveText('1 invitation sent.');
  const mail = await emailTo(email, 'Midsummer dinner');
  expect(mail.to[0]?.name).toBe('Grace Hopper');
});

test('the host shares the link of a guest without an address', async ({ page, scripts, context, someoneElse }) => {
  await signUp(page);
  const event = await planEvent(page, { capacity: '10' });
  await invite(page, event, 'Grace Hopper');
  await page.goto(`${event}/invite`);
  await expect(page.getByRole('heading', { name: '1 link to share' })).toBeVisible();
  await look(page);
  await openGuest(page, event, 'Grace Hopper');
  await expect(page.getByRole('button', { name: 'Resend invitation' })).toHaveCount(0);
  const link = page.getByRole('textbox', { name: 'Personal link' });
  let address = await link.inputValue();
  if (scripts) {
    await awake(page);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
    address = await page.evaluate(() => navigator.clipboard.readText());
    expect(address).toBe(await link.inputValue());
  }
  const visitor = await someoneElse();
  await visitor.goto(address);
  await expect(visitor.getByRole('article')).toContainText('Dear Grace Hopper');
  await choose(visitor, 'Maybe');
  await visitor.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(visitor.getByRole('status')).toContainText('Maybe');
  await page.goto(event);
  await expect(figure(page, 'Maybe')).toHaveText(['1']);
  await expect(figure(page, 'Attending')).toHaveText(['0', '0 of 10 guests']);
});

test('a guest is edited over the list, found and selected with the keyboard', async ({ page, scripts }) => {
  await signUp(page);
  const event = await planEvent(page);
  await invite(page, event, 'Ada\nBea\nCara');
  await page.goto(`${event}/guests?status=link-ready`);
  await awake(page);
  const row = page.getByRole('row').filter({ hasText: 'Bea' });
  await row.getByLabel('More for Bea').click();
  await row.getByRole('link', { name: 'Edit' }).click();
  if (scripts) await expect(page.getByRole('dialog')).toBeVisible();
  await page.getByRole('textbox', { name: 'Name' }).fill('Bea Arthur');
  await page.getByRole('textbox', { name: 'Phone' }).fill('+44 7911 123456');
  await look(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  if (!scripts) return;
  await expect(page).toHaveURL(/guests\?status=link-ready$/);
  await expect(page.getByRole('row').filter({ hasText: 'Bea Arthur' })).toContainText('+447911123456');
  await awake(page);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(page.getByRole('link', { name: 'Bea Arthur' })).toBeFocused();
  await page.keyboard.press('x');
  await expect(page.getByRole('checkbox', { name: 'Select Bea Arthur' })).toBeChecked();
  await page.keyboard.press('?');
  await expect(page.getByText('Keyboard shortcuts')).toBeVisible();
  await look(page);
  await page.keyboard.press('e');
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Name' })).toHaveValue('Bea Arthur');
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search guests' })).toBeFocused();
});
