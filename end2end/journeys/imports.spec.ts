import { readFile } from 'node:fs/promises';
import { invite, planEvent, post, signUp } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { checkNothing, figure } from '../helpers/pages';
import { expect, test, type Page } from '../helpers/test';

const LIST = [
  'Gast;E-Mail;Handy;Personen;Schuhgröße',
  'Jürgen Groß;juergen@example.org;07911 123456;2;44',
  'Ada Lovelace;ada@;;;38',
  'Bo Chan;bo@gmial.com;;;40',
  'Bo again;BO@gmial.com;;;40',
  'Cy;;07911 123457;;41',
].join('\r\n');

/** Chooses a file on the import page. */
async function chooseFile(page: Page, event: string, name: string, text: string) {
  await page.goto(`${event}/guests`);
  await page.getByRole('link', { name: 'Import', exact: true }).first().click();
  await awake(page);
  await page.getByLabel('Default country for phone numbers').selectOption('GB');
  await page.getByLabel('File').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text, 'latin1') });
}

test('a spreadsheet becomes guests: previewed, fixed, imported and undone', async ({ page, scripts }) => {
  test.slow();
  await signUp(page);
  const event = await planEvent(page);
  await page.goto(`${event}/guests`);
  await look(page);
  await chooseFile(page, event, 'Gästeliste.csv', LIST);
  if (scripts) {
    await expect(page.getByRole('status').filter({ hasText: '5 guests' })).toContainText('1 with an invalid email');
    await expect(page.getByLabel('Schuhgröße')).toHaveValue('other');
    await expect(page.getByLabel('E-Mail')).toHaveValue('email');
    await page.getByLabel('E-Mail').selectOption('Skip column');
    await expect(page.getByRole('status').filter({ hasText: '5 guests' })).not.toContainText('email');
    await page.getByLabel('E-Mail').selectOption('Email');
    await page.getByLabel('Schuhgröße').selectOption('Note');
  }
  await look(page);
  await page.getByRole('button', { name: 'Upload' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Review import' })).toBeVisible();
  await expect(page.getByText('3 guests will be added.')).toBeVisible();
  await look(page);
  const bad = page.getByRole('listitem').filter({ hasText: 'Line 3' });
  await expect(bad.getByLabel('Email')).toHaveAccessibleDescription(/such as ada@example.org/);
  await bad.getByLabel('Email').fill('ada@example.org');
  await bad.getByRole('button', { name: 'Save' }).click();

  await page.getByRole('link', { name: '4 ready' }).click();
  const bo = page.getByRole('row').filter({ hasText: 'Bo Chan' });
  await expect(bo).toContainText('Did you mean bo@gmail.com');
  await bo.getByRole('button', { name: 'Apply bo@gmail.com' }).click();
  // His namesake's address is another one now, so both count.
  await expect(page.getByText('5 guests will be added.')).toBeVisible();
  await page.getByRole('button', { name: 'Skip line 5' }).click();
  await page.getByText('Match columns').click();
  await expect(page.getByLabel('Schuhgröße')).toHaveValue(scripts ? 'note' : 'other');
  await page.getByLabel('Schuhgröße').selectOption('Tags');
  await look(page);
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  await expect(page.getByText('4 guests will be added.')).toBeVisible();
  await page.getByRole('button', { name: 'Import 4 guests' }).click();

  await expect(page.getByRole('heading', { level: 1, name: '4 guests imported' })).toBeVisible();
  await look(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download skipped lines' }).click();
  const skipped = await readFile(await (await download).path(), 'utf8');
  expect(skipped.split('\r\n')).toEqual([
    '\uFEFFGast,E-Mail,Handy,Personen,Schuhgröße,Reason',
    'Bo again,BO@gmial.com,,,40,Skipped by you.',
    '',
  ]);
  await page.getByRole('link', { name: 'View guest list' }).click();
  const guest = page.getByRole('row').filter({ hasText: 'Jürgen Groß' });
  await expect(guest).toContainText('+447911123456');
  await expect(guest).toContainText('44');

  await page.goto(`${event}/guests/import`);
  await page.getByRole('link', { name: 'View import' }).click();
  await page.getByRole('button', { name: 'Undo this import' }).click();
  await expect(page.getByRole('status')).toContainText('Import undone for 4 guests.');
  await expect(page.getByRole('heading', { name: 'No guests yet' })).toBeVisible();
});

test('a file that is no list is refused with a remedy', async ({ page, expectsStatus }) => {
  await signUp(page);
  const event = await planEvent(page);
  expectsStatus(422);
  await chooseFile(page, event, 'picture.csv', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR');
  await checkNothing(page);
  await page.getByRole('button', { name: 'Upload' }).click();
  await expect(page.getByText('We can\'t read this file. Save your list as CSV').first()).toBeVisible();
  await look(page);
});

test('a whole view of the list is tagged and exported', async ({ page }) => {
  await signUp(page);
  const event = await planEvent(page);
  const names = Array.from({ length: 60 }, (_, n) => `Guest ${n} <guest${n}@example.org>`);
  await post(page, 'guests/paste', { event: event.split('/').pop()!, 'form[text]': [...names, 'Zoë'].join('\n') });
  await page.goto(`${event}/guests`);
  await page.getByRole('checkbox', { name: 'Select Guest 0', exact: true }).check();
  await page.getByRole('checkbox', { name: 'All 61 guests, on every page' }).check();
  await page.getByRole('combobox', { name: 'Tag for the selected guests' }).fill('Dinner');
  await look(page);
  await page.getByRole('button', { name: 'Add tag' }).click();
  await expect(page.getByRole('status')).toContainText('Tag added to 61 guests.');
  await page.getByRole('searchbox', { name: 'Search guests' }).fill('zoe');
  await page.getByRole('combobox', { name: 'Contact method' }).selectOption('No email');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Zoë' })).toContainText('Dinner');
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('1 guest');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const list = await download;
  expect(list.suggestedFilename()).toBe('Midsummer dinner guests.csv');
  const text = await readFile(await list.path(), 'utf8');
  expect(text.split('\r\n')).toHaveLength(63);
  expect(text).toContain('Zoë,,,2,Dinner,');
});

test('links are shared one guest at a time', async ({ page }) => {
  test.slow();
  await signUp(page);
  const event = await planEvent(page);
  await invite(page, event, 'Bo Chan +44 7911 123456\nCy\nDee <dee@example.org>');
  await page.goto(`${event}/invite`);
  await look(page);
  await page.getByRole('link', { name: 'Share links' }).click();
  await expect(page.getByText('0 sent, 0 skipped, 2 to go')).toBeVisible();
  await look(page);
  const chat = page.getByRole('link', { name: 'Open in WhatsApp' });
  const address = new URL((await chat.getAttribute('href'))!);
  expect(`${address.host}${address.pathname}`).toBe('wa.me/447911123456');
  expect(address.searchParams.get('text')).toMatch(/^Dear Bo Chan, .*\/i\/[\w-]{43}\n/s);
  await page.getByText('Edit message').click();
  await page.getByLabel('Message').last().fill('Hey {guest.first_name}! {link}');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('blockquote')).toHaveText(/^Hey Bo! http/);
  await page.getByRole('button', { name: 'Mark as sent' }).click();

  await expect(page.getByRole('heading', { level: 2, name: 'Cy' })).toBeVisible();
  await look(page);
  await page.getByRole('combobox', { name: 'Country of the number' }).selectOption('GB');
  await page.getByRole('textbox', { name: 'Phone' }).fill('12');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('textbox', { name: 'Phone' })).toHaveAccessibleDescription(/too short/);
  await page.getByRole('textbox', { name: 'Phone' }).fill('07911 123 457');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(chat).toHaveAttribute('href', /447911123457/);
  await page.getByRole('button', { name: 'Skip' }).click();
  await expect(page.getByRole('heading', { name: 'All done' })).toBeVisible();
  await look(page);
  await page.goto(`${event}/guests`);
  await expect(page.getByRole('row').filter({ hasText: 'Bo Chan' })).toContainText('Sent');
  await page.goto(event);
  await expect(figure(page, 'Invited').first()).toHaveText('3');
});
