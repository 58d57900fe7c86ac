import { invite, planEvent, signUp } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { emailTo } from '../helpers/email';
import { expect, test } from '../helpers/test';

test('a host sees the delivery status of each message, and a guest unsubscribes with one button', async ({ page, browser }) => {
  await signUp(page);
  const event = await planEvent(page);
  await page.goto(`${event}/messages`);
  await expect(page.getByRole('heading', { name: 'No messages yet' })).toBeVisible();
  await look(page);
  const address = `ada-${Date.now()}@example.org`;
  await invite(page, event, `Ada Lovelace <${address}>`);
  const mail = await emailTo(address, "You're invited");
  const stop = /http\S+\/u\/[\w-]+/.exec(mail.text)?.[0] ?? '';
  expect(stop).not.toBe('');

  await page.goto(`${event}/messages`);
  await page.getByText('Ada Lovelace').first().click();
  await expect(page.getByText('Sent to the provider')).toBeVisible();
  await look(page);

  const guest = await (await browser.newContext()).newPage();
  await guest.goto(stop);
  await look(guest);
  await guest.getByRole('button', { name: 'Unsubscribe', exact: true }).click();
  await expect(guest.getByRole('heading', { level: 1 })).toContainText('unsubscribed from');
  await look(guest);
  await guest.context().close();

  await page.goto(`${event}/guests`);
  await page.getByRole('link', { name: 'Ada Lovelace' }).click();
  await page.getByRole('button', { name: 'Resend invitation' }).click();
  await page.goto(`${event}/messages`);
  await expect(page.getByText('They unsubscribed from your messages.').first()).toBeVisible();
  await look(page);
});

test('templates have a preview, and reminders show their recipients before they are scheduled', async ({ page, scripts }) => {
  await signUp(page);
  const event = await planEvent(page);
  await page.goto(`${event}/messages/templates`);
  if (scripts) await awake(page);
  await look(page);
  await page.getByLabel('Text').fill('Hello {guest.first_name}, do come!');
  if (!scripts) await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.frameLocator('iframe').getByText('Hello Ada, do come!')).toBeVisible();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. New messages use this text.')).toBeVisible();
  await expect(page.getByLabel('Text')).toHaveValue('Hello {guest.first_name}, do come!');

  await page.goto(`${event}/messages/reminders`);
  await look(page);
  await page.getByLabel('Days', { exact: true }).fill('2');
  await page.getByLabel('Before', { exact: true }).selectOption('the event');
  await page.getByLabel('Recipients').selectOption('guests who are attending');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByText('Currently 0 recipients')).toBeVisible();
  await look(page);
  await page.getByRole('button', { name: 'Schedule reminder' }).click();
  await expect(page.getByText('2 days before the event, to guests who are attending')).toBeVisible();
  await page.getByRole('button', { name: 'Turn off' }).click();
  await expect(page.getByText('Turned off.')).toBeVisible();

  await page.goto(`${event}/messages/sms`);
  await look(page);
  await page.getByLabel('If an email bounces').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('If an email bounces')).toBeChecked();
});
