import { YEAR, hostWithGuest, invite, linkOf, openGuest, planEvent, signUp, somebody } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { emailTo } from '../helpers/email';
import { checkNothing, choose } from '../helpers/pages';
import { expect, test, type Locator } from '../helpers/test';

/** The field says what is wrong with it, to eyes and to screen readers. */
async function says(field: Locator, fault: string) {
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(field).toHaveAccessibleDescription(new RegExp(fault.replace(/[+.?]/g, '\\$&')));
}

test('the sign-up form names every bad field and keeps what was typed', async ({ page }) => {
  await page.goto('/sign-up');
  const [name, email, password] = [page.getByLabel('Your name'), page.getByLabel('Email'), page.getByLabel('Password')];
  await name.fill('   ');
  await email.fill('ada@example');
  await password.fill('short');
  await page.getByLabel('I agree to the terms').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('alert')).toContainText('Please fix the errors below');
  await says(name, 'Please fill this in.');
  await says(email, "That doesn't look like an email address");
  await says(password, 'Please use at least 8 characters.');
  await expect(email).toHaveValue('ada@example');
  await expect(password).toHaveValue('');
  await look(page);

  await name.fill('Ada');
  await email.fill(somebody('Ada').email);
  await password.fill('guestguard1');
  await page.getByLabel('I agree to the terms').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await says(password, 'That password is easy to guess.');
  await expect(name).toHaveValue('Ada');
  await expect(password).toHaveValue('');
});

test('signing up with the address of an account sends an email to it, and the page does not show that it exists', async ({ page }) => {
  const taken = await signUp(page);
  await page.context().clearCookies();
  await page.goto('/sign-up');
  await page.getByLabel('Your name').fill('Eve');
  await page.getByLabel('Email').fill(taken.email.toUpperCase());
  await page.getByLabel('Password').fill('seven violet umbrellas');
  await page.getByLabel('I agree to the terms').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('status')).toContainText('Check your email to verify your account.');
  await emailTo(taken.email, 'You already have an account');
});

test('the sign-in form names every bad field and keeps the address', async ({ page }) => {
  const host = await signUp(page);
  await page.context().clearCookies();
  await page.goto('/sign-in');
  const [email, password] = [page.getByLabel('Email'), page.getByLabel('Password')];
  await email.fill('ada@example');
  await checkNothing(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await says(email, "That doesn't look like an email address");
  await says(password, 'Please fill this in.');
  await expect(email).toHaveValue('ada@example');
  await look(page);
  for (const address of [host.email, somebody('Nobody').email]) {
    await email.fill(address);
    await password.fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await says(password, "That email address and password don't match.");
    await expect(email).toHaveValue(address);
    await expect(password).toHaveValue('');
  }
});

test('the event form names every bad field and keeps what was typed', async ({ page }) => {
  await signUp(page);
  await page.goto('/dashboard/events/new');
  await awake(page);
  const field = (name: string) => page.getByLabel(name);
  await field('Title').fill('   ');
  await field('Time zone').selectOption('');
  await field('Venue').fill('The barn');
  await field('Message to guests').fill('One\n\n  Two');
  await field('Capacity').fill('0');
  await field('Max. party size').fill('21');
  await choose(page, 'Seaside');
  await checkNothing(page);
  await page.getByRole('button', { name: 'Create event' }).click();
  await says(field('Title'), 'Please fill this in.');
  await says(field('Start date & time'), 'Please fill this in.');
  await says(field('Time zone'), 'Please choose a time zone from the list.');
  await says(field('Capacity'), 'Please choose a number from 1 to 100000.');
  await says(field('Max. party size'), 'Please choose a number from 1 to 20.');
  await expect(field('Venue')).toHaveValue('The barn');
  await expect(field('Message to guests')).toHaveValue('One\n\n  Two');
  await expect(field('Capacity')).toHaveValue('0');
  await expect(field('Max. party size')).toHaveValue('21');
  await expect(page.getByRole('radio', { name: 'Seaside' })).toBeChecked();
  await look(page);

  await field('Title').fill('Barn dance');
  await field('Time zone').selectOption('Europe/Berlin');
  await field('Capacity').fill('');
  await field('Max. party size').fill('2');
  await field('Start date & time').fill(lostHour());
  await page.getByRole('button', { name: 'Create event' }).click();
  await says(field('Start date & time'), 'this time does not exist');
  await expect(field('Start date & time')).toHaveValue(lostHour());

  await field('Start date & time').fill(`${YEAR}-06-20T18:30`);
  await field('End').fill(`${YEAR}-06-20T18:00`);
  await field('RSVP deadline').fill(`${YEAR}-06-21`);
  await page.getByRole('button', { name: 'Create event' }).click();
  await says(field('End'), 'The end has to come after the start.');
  await says(field('RSVP deadline'), "can't be after the event starts");
  await expect(field('Start date & time')).toHaveValue(`${YEAR}-06-20T18:30`);
  await expect(field('End')).toHaveValue(`${YEAR}-06-20T18:00`);
  await expect(field('RSVP deadline')).toHaveValue(`${YEAR}-06-21`);
  await expect(field('Time zone')).toHaveValue('Europe/Berlin');

  await field('End').fill('');
  await field('RSVP deadline').fill('');
  await page.getByRole('button', { name: 'Create event' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Barn dance' })).toBeVisible();
});

/** Half past two on the Sunday on which Berlin's clocks go forward from two to three. */
function lostHour(): string {
  const day = new Date(Date.UTC(YEAR, 2, 31));
  day.setUTCDate(31 - day.getUTCDay());
  return `${day.toISOString().slice(0, 10)}T02:30`;
}

test('the guest form names every bad field and keeps what was typed', async ({ page }) => {
  await signUp(page);
  await page.goto(`${await planEvent(page)}/guests/new`);
  const typed = {
    Name: '   ',
    Email: 'ada@example',
    Phone: '07911 123456',
    'Party size': '0',
    Tags: `Family, ${'x'.repeat(41)}`,
    'Private note': 'n'.repeat(1001),
  };
  await checkNothing(page);
  for (const [label, text] of Object.entries(typed)) await page.getByLabel(label).fill(text);
  await page.getByRole('button', { name: 'Add guest' }).click();
  await says(page.getByLabel('Name'), 'Please fill this in.');
  await says(page.getByLabel('Email'), "That doesn't look like");
  await says(page.getByLabel('Phone'), 'The country code is missing');
  await says(page.getByLabel('Party size'), 'Please choose a number from 1 to 20.');
  await says(page.getByLabel('Tags'), 'Please use at most 40 characters.');
  await says(page.getByLabel('Private note'), 'Please use at most 1000 characters.');
  for (const [label, text] of Object.entries(typed)) await expect(page.getByLabel(label)).toHaveValue(text);
  await look(page);
});

test('a pasted list with unclear lines adds nobody and keeps the text', async ({ page }) => {
  await signUp(page);
  const event = await planEvent(page);
  await invite(page, event, 'Bea <bea@example.org>');
  await page.goto(`${event}/guests/paste`);
  await awake(page);
  const list = page.getByLabel('Names and emails');
  const text = 'Ada\nb@@example.org\nGrace\n@';
  await list.fill(text);
  await page.getByRole('button', { name: /^Add/ }).click();
  await says(list, 'No guests added: please fix line 2, 4 first.');
  await expect(list).toHaveValue(text);
  await expect(page.getByText('2 ready, 2 to fix.')).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Line 2: the email is not complete.' })).toBeVisible();
  await look(page);

  await list.fill('Ada\nBea again <BEA@example.org>');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'already on the guest list, will be skipped.' })).toBeVisible();
  await page.getByRole('button', { name: 'Add 1 guest' }).click();
  await expect(page.getByRole('status')).toHaveText('1 guest added.');
});

test('the answer form names every bad field and keeps what was typed', async ({ page, someoneElse }) => {
  const { link } = await hostWithGuest(page);
  const guest = await someoneElse();
  await guest.goto(link);
  const message = guest.getByLabel('Message to the host');
  await message.fill('Let me think.\n  Perhaps.');
  await checkNothing(guest);
  await guest.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(guest.getByRole('group', { name: 'Will you be there?' })).toContainText('Please fill this in.');
  await expect(message).toHaveValue('Let me think.\n  Perhaps.');
  await look(guest);

  await checkNothing(guest);
  await choose(guest, 'Yes');
  await guest.getByLabel('Number of guests').selectOption('2');
  const companion = guest.getByLabel('Name of guest 2');
  await companion.fill('William');
  await message.fill('m'.repeat(1001));
  await guest.getByRole('button', { name: 'Send RSVP' }).click();
  await says(message, 'Please use at most 1000 characters.');
  await expect(guest.getByRole('radio', { name: 'Yes' })).toBeChecked();
  await expect(guest.getByLabel('Number of guests')).toHaveValue('2');
  await expect(companion).toHaveValue('William');
  await expect(message).toHaveValue('m'.repeat(1001));

  await checkNothing(guest);
  await message.fill('');
  await companion.fill('w'.repeat(121));
  await guest.getByRole('button', { name: 'Send RSVP' }).click();
  await says(companion, 'Please use at most 120 characters.');
  await expect(companion).toHaveValue('w'.repeat(121));
});

test('a guest whose party size was reduced meanwhile sees the new limit and keeps their text', async ({ page, someoneElse }) => {
  const { event, guest, link } = await hostWithGuest(page, { party_size: '3' });
  const visitor = await someoneElse();
  await visitor.goto(link);
  await choose(visitor, 'Yes');
  await visitor.getByLabel('Number of guests').selectOption('3');
  await visitor.getByLabel('Message to the host').fill('All three of us');
  const seats = visitor.getByLabel('Number of guests');
  for (const left of [2, 1]) {
    await openGuest(page, event, guest.name);
    await page.getByLabel('Party size').fill(String(left));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('status')).toHaveText('Saved.');
    await visitor.getByRole('button', { name: 'Send RSVP' }).click();
    const fault = `Please choose a number from 1 to ${left}.`;
    await expect(visitor.getByRole('region', { name: 'RSVP' })).toContainText(fault);
    await expect(visitor.getByLabel('Message to the host')).toHaveValue('All three of us');
    if (left === 1) break;
    await says(seats, fault);
    await seats.selectOption(String(left));
  }
});

test('a guest who replies after the last place is taken sees that the event is full and keeps their text', async ({ page, someoneElse }) => {
  await signUp(page);
  const event = await planEvent(page, { capacity: '2' });
  await invite(page, event, 'Ada\nBea');
  const [ada, bea] = [await someoneElse(), await someoneElse()];
  await ada.goto(await linkOf(page, event, 'Ada'));
  await bea.goto(await linkOf(page, event, 'Bea'));
  for (const guest of [ada, bea]) {
    await choose(guest, 'Yes');
    await guest.getByLabel('Message to the host').fill('On my way');
  }
  await ada.getByLabel('Number of guests').selectOption('2');
  await ada.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(ada.getByRole('status')).toContainText("You're going!");
  await bea.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(bea.getByRole('alert')).toContainText('This event is full');
  await expect(bea.getByLabel('Message to the host')).toHaveValue('On my way');
  await look(bea);
  await choose(bea, 'Maybe');
  await bea.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(bea.getByRole('status')).toContainText('Maybe');
});
