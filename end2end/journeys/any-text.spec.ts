import { YEAR, linkOf, openGuest, post, signUp } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { emailTo } from '../helpers/email';
import { choose } from '../helpers/pages';
import { expect, test } from '../helpers/test';

const TITLE = '🎉 <b>חתונה</b> & "O\'Neill" <script>alert(1)</script>';
const WORDS = '</textarea><script>alert(2)</script>\n\n<!-- سلام --> &amp; 👩‍👩‍👧 {{ email.link }}';
const NAME = '<img src=x onerror=alert(3)> ليلى 👩🏽‍🚀';
const HOST = 'Zoë </title><i>Ångström</i> 🎈';

test('emoji, right-to-left and HTML come out as the text they are', async ({ page, someoneElse, scripts }) => {
  const host = await signUp(page, HOST);
  await page.goto('/dashboard/events/new');
  await awake(page);
  await page.getByLabel('Title').fill(TITLE);
  await page.getByLabel('Start date & time').fill(`${YEAR}-06-20T18:30`);
  await page.getByLabel('Time zone').selectOption('UTC');
  await page.getByLabel('Venue').fill('<u>Café</u>');
  await page.getByLabel('Message to guests').fill(WORDS);
  if (scripts) await expect(page.getByRole('complementary', { name: 'Preview' })).toContainText(TITLE);
  await page.getByRole('button', { name: 'Create event' }).click();
  const event = page.url();
  await expect(page.getByRole('heading', { level: 1, name: TITLE })).toBeVisible();
  await expect(page).toHaveTitle(`${TITLE} · GuestGuard`);

  await page.goto(`${event}/edit`);
  await expect(page.getByLabel('Title')).toHaveValue(TITLE);
  await expect(page.getByLabel('Message to guests')).toHaveValue(WORDS);
  await look(page);

  await page.goto(`${event}/guests/new`);
  const email = host.email.replace('@', '+layla@');
  await page.getByLabel('Name').fill(NAME);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Tags').fill('<s>Familie</s>, 👪');
  await page.getByLabel('Private note').fill(WORDS);
  await page.getByRole('button', { name: 'Add guest' }).click();
  await expect(page.getByRole('status')).toHaveText(`Guest added: ${NAME}.`);
  await expect(page.getByRole('row').filter({ hasText: NAME })).toContainText('<s>Familie</s>');
  await openGuest(page, event, NAME);
  await expect(page.getByLabel('Private note')).toHaveValue(WORDS);
  await look(page);

  await post(page, 'invitations/issue-all', { event: event.split('/').pop()! });
  const mail = await emailTo(email, TITLE);
  expect(mail.to[0]?.name).toBe(NAME);
  expect(mail.text).toContain('{{ email.link }}');
  expect(mail.html).not.toContain('<script');
  expect(mail.html).not.toContain('<img');

  const guest = await someoneElse();
  await guest.goto(await linkOf(page, event, NAME));
  await expect(guest.getByRole('heading', { level: 1, name: TITLE })).toBeVisible();
  await expect(guest.getByRole('article')).toContainText(`Dear ${NAME},`);
  await expect(guest.getByRole('article')).toContainText(`${HOST} invites you to`);
  await expect(guest.getByText('</textarea><script>alert(2)</script>')).toBeVisible();
  await choose(guest, 'Yes');
  await guest.getByLabel('Number of guests').selectOption('2');
  await guest.getByLabel('Name of guest 2').fill(NAME);
  await guest.getByLabel('Message to the host').fill(WORDS);
  await guest.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(guest.getByRole('status')).toContainText(`2 guests, with ${NAME}`);
  await expect(guest.getByRole('status')).toContainText('<!-- سلام --> &amp; 👩‍👩‍👧');
  await guest.getByRole('link', { name: 'Change RSVP' }).click();
  await expect(guest.getByLabel('Message to the host')).toHaveValue(WORDS);
  await expect(guest.getByLabel('Name of guest 2')).toHaveValue(NAME);

  await page.goto(event);
  await expect(page.getByRole('listitem').filter({ hasText: `${NAME} accepted (2 guests)` })).toBeVisible();
  await awake(page);
});

test('a pasted list may hold any text as well', async ({ page }) => {
  await signUp(page);
  await page.goto('/dashboard/events/new');
  const event = await post(page, 'events/create', {
    'form[title]': 'Party',
    'form[starts]': `${YEAR}-06-20T18:30`,
    'form[time_zone]': 'UTC',
  });
  await page.goto(`${event}/guests/paste`);
  await awake(page);
  const list = page.getByLabel('Names and emails');
  const text = '\nليلى 👩🏽‍🚀\n</textarea> & <b>Ada</b>\nbad@@example.org';
  await list.fill(text);
  await page.getByRole('button', { name: /^Add/ }).click();
  await expect(list).toHaveValue(text);
  await expect(page.getByText('No guests added: please fix line 4 first.')).toBeVisible();
  await look(page);
});
