import { hostWithGuest } from '../helpers/actors';
import { look } from '../helpers/look';
import { calendarLines, choose } from '../helpers/pages';
import { expect, test } from '../helpers/test';

test('a cancelled event says so to its host and its guests', async ({ page, someoneElse }) => {
  const { event, link } = await hostWithGuest(page);
  const visitor = await someoneElse();
  await visitor.goto(link);
  await choose(visitor, 'Yes');

  await page.goto(`${event}/edit`);
  await page.getByRole('link', { name: 'Cancel event' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Cancel this event?' })).toBeVisible();
  await look(page);
  await page.getByRole('link', { name: 'Go back' }).click();
  await page.getByRole('link', { name: 'Cancel event' }).click();
  await page.getByRole('button', { name: 'Cancel event' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Event cancelled.' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Notify your guests?' })).toBeVisible();
  await look(page);
  await page.getByRole('link', { name: 'Not now' }).click();
  await expect(page.getByText('This event is cancelled.', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Send invitations' })).toHaveCount(0);
  await look(page);
  await page.goto('/dashboard');
  await expect(page.getByRole('listitem').filter({ hasText: 'Midsummer dinner' })).toContainText('Cancelled');
  await look(page);

  // Whoever had the form open is told, and nothing is recorded.
  await visitor.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(visitor.getByText('This event has been cancelled.').first()).toBeVisible();
  await expect(visitor.getByRole('button', { name: 'Send RSVP' })).toHaveCount(0);
  await visitor.goto(link);
  await expect(visitor.getByText('This event has been cancelled.')).toBeVisible();
  await expect(visitor.getByText("There's nothing you need to do.")).toBeVisible();
  await expect(visitor.getByRole('radio')).toHaveCount(0);
  await look(visitor);
  const file = calendarLines(await (await visitor.request.get(`${link}/event.ics`)).text());
  expect(file).toContain('STATUS:CANCELLED');
});

test('a deleted event is gone, and so is its guests’ page', async ({ page, someoneElse, expectsStatus }) => {
  const { event, link } = await hostWithGuest(page);
  await page.goto(`${event}/edit`);
  await page.getByRole('link', { name: 'Delete event' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Delete this event?' })).toBeVisible();
  await page.getByRole('button', { name: 'Delete event' }).click();
  await expect(page).toHaveURL('/dashboard');
  await expect(page.getByRole('status')).toHaveText('Event deleted.');
  await expect(page.getByText('Midsummer dinner')).toHaveCount(0);

  expectsStatus(404);
  expect((await page.goto(event))?.status()).toBe(404);
  const visitor = await someoneElse();
  expect((await visitor.goto(link))?.status()).toBe(404);
  await expect(visitor.getByRole('heading', { level: 1, name: 'Invitation not found' })).toBeVisible();
});

test('a changed event moves the entry in the guest’s calendar', async ({ page }) => {
  const { event, link } = await hostWithGuest(page);
  const file = async () => calendarLines(await (await page.request.get(`${link}/event.ics`)).text());
  const uid = (lines: string[]) => lines.find(line => line.startsWith('UID:'));
  const before = await file();
  expect(before).toContain('SEQUENCE:0');
  await page.goto(`${event}/edit`);
  const starts = page.getByLabel('Start date & time');
  await starts.fill((await starts.inputValue()).replace('18:30', '19:00'));
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  const after = await file();
  expect(after).toContain('SEQUENCE:1');
  expect(after.some(line => /^DTSTART:\d{8}T170000Z$/.test(line))).toBe(true);
  expect(uid(after)).toBe(uid(before));
});
