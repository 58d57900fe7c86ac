import { invite, planEvent, signUp } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { mailTo } from '../helpers/mail';
import { expect, test } from '../helpers/test';

test('a host sees what became of each message, and a guest stops them by one button', async ({ page, browser }) => {
  await signUp(page);
  const event = await planEvent(page);
  await page.goto(`${event}/messages`);
  await expect(page.getByRole('heading', { name: 'Nothing was sent yet' })).toBeVisible();
  await look(page);
  const address = `ada-${Date.now()}@example.org`;
  await invite(page, event, `Ada Lovelace <${address}>`);
  const mail = await mailTo(address, 'invites you');
  const stop = /http\S+\/u\/[\w-]+/.exec(mail.text)?.[0] ?? '';
  expect(stop).not.toBe('');

  await page.goto(`${event}/messages`);
  await page.getByText('Ada Lovelace').first().click();
  await expect(page.getByText('Handed over to be delivered')).toBeVisible();
  await look(page);

  const guest = await (await browser.newContext()).newPage();
  await guest.goto(stop);
  await look(guest);
  await guest.getByRole('button', { name: /^Stop messages from (?!all)/ }).click();
  await expect(guest.getByRole('heading', { level: 1 })).toContainText('are stopped');
  await look(guest);
  await guest.context().close();

  await page.goto(`${event}/guests`);
  await page.getByRole('link', { name: 'Ada Lovelace' }).click();
  await page.getByRole('button', { name: 'Send by e-mail again' }).click();
  await page.goto(`${event}/messages`);
  await expect(page.getByText('They unsubscribed from your messages.').first()).toBeVisible();
  await look(page);
});

test('words are chosen, seen as a guest will, and reminders say whom they reach before they stand', async ({ page, scripts }) => {
  await signUp(page);
  const event = await planEvent(page);
  await page.goto(`${event}/messages/words`);
  if (scripts) await awake(page);
  await look(page);
  await page.getByLabel('Text').fill('Hello {guest.first_name}, do come!');
  if (!scripts) await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.frameLocator('iframe').getByText('Hello Ada, do come!')).toBeVisible();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. Messages that leave from now on use these words.')).toBeVisible();
  await expect(page.getByLabel('Text')).toHaveValue('Hello {guest.first_name}, do come!');

  await page.goto(`${event}/messages/reminders`);
  await look(page);
  await page.getByLabel('Days before').fill('2');
  await page.getByLabel('The day').selectOption('the day of the event');
  await page.getByLabel('To', { exact: true }).selectOption('those who are coming');
  await page.getByRole('button', { name: 'Show who gets it, and when' }).click();
  await expect(page.getByText('Nobody, as things stand now.')).toBeVisible();
  await look(page);
  await page.getByRole('button', { name: 'Save this reminder' }).click();
  await expect(page.getByText('2 days before the day of the event, to those who are coming')).toBeVisible();
  await page.getByRole('button', { name: 'Turn off' }).click();
  await expect(page.getByText('Turned off.')).toBeVisible();

  await page.goto(`${event}/messages/texts`);
  await look(page);
  await page.getByLabel('When a mail comes back or is refused').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('When a mail comes back or is refused')).toBeChecked();
});
