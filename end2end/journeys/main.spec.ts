import { readFile } from 'node:fs/promises';
import { YEAR, somebody } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { accountLinkIn, linkIn, mailTo, source } from '../helpers/mail';
import { calendarLines, choose, figure } from '../helpers/pages';
import { expect, test } from '../helpers/test';

const TITLE = 'A long table in the garden';

test('a host invites three people, one answers twice, and the host watches it happen', async ({ page, scripts, someoneElse }) => {
  test.slow();
  const host = somebody('Rosalind Franklin');
  const ada = somebody('Ada Lovelace');
  const alan = somebody('Alan Turing');

  await test.step('signs up', async () => {
    await page.goto('/');
    await look(page);
    await page.getByRole('main').getByRole('link', { name: 'Start an event' }).click();
    await look(page);
    await page.getByLabel('Your name').fill(host.name);
    await page.getByLabel('Email').fill(host.email);
    await page.getByLabel('Password').fill(host.password);
    await page.getByLabel('I agree to the terms').check();
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('status')).toContainText('Check your email to verify your account.');
    await look(page);
    await page.goto(accountLinkIn(await mailTo(host.email, 'Is this your address?')));
    await look(page);
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect(page.getByRole('status')).toContainText('Email verified.');
    await page.getByLabel('Email').fill(host.email);
    await page.getByLabel('Password').fill(host.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL('/dashboard');
    await expect(page.getByRole('heading', { name: 'Welcome, Rosalind' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(3);
    await look(page);
  });

  await test.step('plans an event', async () => {
    await page.getByRole('link', { name: 'Plan your first event' }).click();
    await awake(page);
    const zone = page.getByLabel('Time zone');
    await expect(zone).toHaveValue(scripts ? 'Europe/Berlin' : '');
    await page.getByLabel('Title').fill(TITLE);
    await page.getByLabel('Starts').fill(`${YEAR}-06-20T18:30`);
    await page.getByLabel('Ends').fill(`${YEAR}-06-20T23:00`);
    await zone.selectOption('Europe/Berlin');
    await page.getByLabel('Venue').fill('The Walled Garden');
    await page.getByLabel('Address').fill('Orchard Lane 4, Lewes');
    await page.getByLabel('A few words to your guests').fill('There will be lanterns.\n\nAnd far too much food.');
    await page.getByLabel('Seats in all').fill('40');
    await page.getByLabel('Answers until').fill(`${YEAR}-06-18`);
    await choose(page, 'Garden');
    if (scripts) {
      const preview = page.getByRole('complementary', { name: 'Preview' }).getByRole('article');
      await expect(preview).toContainText(`${host.name} invites you to`);
      await expect(preview).toContainText(TITLE);
      await expect(preview).toContainText('The Walled Garden');
      await expect(preview).toHaveAttribute('data-theme', 'garden');
      await look(page);
    }
    await page.getByRole('button', { name: 'Create the event' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Your event is ready.' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1, name: TITLE })).toBeVisible();
  });

  await test.step('pastes a list of three', async () => {
    await page.getByRole('link', { name: 'Add guests' }).click();
    await awake(page);
    const list = page.getByLabel('Names and addresses');
    const text = `${ada.name} <${ada.email}>\n"Turing, Alan" <${alan.email}>\nGrace Hopper`;
    await list.fill(text);
    if (!scripts) await page.getByRole('button', { name: 'Check the list first' }).click();
    await expect(list).toHaveValue(text);
    await expect(page.getByRole('status')).toHaveText('3 people understood.');
    const understood = page.getByRole('main').locator('form').getByRole('listitem');
    await expect(understood).toHaveText([`${ada.name} ${ada.email}`, `Alan Turing ${alan.email}`, 'Grace Hopper']);
    await look(page);
    await page.getByRole('button', { name: 'Add them all' }).click();
    await expect(page.getByRole('status')).toHaveText('3 guests added.');
    await look(page);
  });

  await test.step('sends the invitations', async () => {
    await page.getByRole('link', { name: 'Send invitations' }).click();
    await expect(figure(page, 'By e-mail').first()).toHaveText('2');
    await expect(figure(page, 'By hand').first()).toHaveText('1');
    await page.getByRole('button', { name: 'Invite 3 guests' }).click();
    await expect(page.getByRole('status')).toContainText('3 guests got a personal link, 2 of them by e-mail.');
    await look(page);
    await page.getByRole('navigation', { name: 'Event' }).getByRole('link', { name: 'Overview' }).click();
    await awake(page);
    await expect(figure(page, 'Invited')).toHaveText(['3', 'of 3 on the list']);
    await expect(figure(page, 'Awaiting')).toHaveText(['3']);
    if (scripts) await expect(page.getByRole('status')).toHaveText('Live');
    await look(page);
  });
  let loads = 0;
  page.on('load', () => loads++);
  /** With scripts the overview follows by itself; without them the host loads it anew. */
  const hostLooks = () => (scripts ? undefined : page.reload());

  const link = await test.step('the invitation arrives, as text and as HTML', async () => {
    const mail = await mailTo(ada.email, TITLE);
    expect(mail.subject).toBe(`${host.name} invites you: ${TITLE}`);
    expect(mail.from[0]?.name).toBe(host.name);
    expect(await source(mail)).toMatch(/Content-Type: multipart\/alternative/i);
    const link = linkIn(mail);
    expect(link).toMatch(/\/i\/[\w-]{43}$/);
    for (const part of [mail.text, mail.html]) {
      expect(part).toContain(`Dear ${ada.name}`);
      expect(part).toContain('The Walled Garden');
      expect(part).toContain('There will be lanterns.');
      expect(part).toContain(link);
    }
    expect(mail.html).toContain('Open your invitation');
    return link;
  });

  const guest = await someoneElse({ javaScriptEnabled: false });
  await test.step('the guest answers without scripts', async () => {
    await guest.goto(link);
    await expect(guest.getByRole('article')).toContainText(`Dear ${ada.name}`);
    await expect(guest.getByRole('heading', { level: 1, name: TITLE })).toBeVisible();
    await expect(guest.getByText(`20 June ${YEAR}, 18:30 to 23:00`)).toBeVisible();
    await look(guest);
    await hostLooks();
    await expect(figure(page, 'Opened')).toHaveText(['1']);
    await choose(guest, "Yes, I'll be there");
    await guest.getByLabel('How many of you?').selectOption('2 of us');
    await guest.getByLabel('Guest 2, coming with you').fill('William King');
    await guest.getByLabel('A word to your host').fill('What a joy! 🎉');
    await look(guest);
    await guest.getByRole('button', { name: 'Send my answer' }).click();
    const summary = guest.getByRole('status');
    await expect(summary).toContainText('You are coming');
    await expect(summary).toContainText('2 seats, with William King');
    await expect(summary).toContainText('What a joy! 🎉');
    await look(guest);
  });

  await test.step('the host sees the answer', async () => {
    await hostLooks();
    await expect(figure(page, 'Attending')).toHaveText(['1', '2 of 40 seats']);
    await expect(figure(page, 'Awaiting')).toHaveText(['2']);
    await expect(page.getByRole('listitem').filter({ hasText: `${ada.name} is coming, 2 in all` })).toBeVisible();
    await expect(page.getByRole('img', { name: /2 seats taken, 0 maybe, 0 declined/ })).toBeVisible();
    await look(page);
  });

  await test.step('the guest puts it into their calendar', async () => {
    const saved = guest.waitForEvent('download');
    await guest.getByRole('link', { name: 'Add to calendar' }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe('invitation.ics');
    const lines = calendarLines(await readFile(await download.path(), 'utf8'));
    expect(lines).toContain(`DTSTART;TZID=Europe/Berlin:${YEAR}0620T183000`);
    expect(lines).toContain(`DTEND;TZID=Europe/Berlin:${YEAR}0620T230000`);
    expect(lines).toContain('SEQUENCE:0');
    expect(lines).toContain(`SUMMARY:${TITLE}`);
    expect(lines.filter(line => /^UID:[0-9a-f-]{36}@/.test(line))).toHaveLength(1);
    expect([lines[0], lines.at(-2)]).toEqual(['BEGIN:VCALENDAR', 'END:VCALENDAR']);
  });

  await test.step('the guest changes their mind', async () => {
    const confirmed = await mailTo(ada.email, 'You are coming');
    expect(confirmed.subject).toBe(`You are coming: ${TITLE}`);
    expect(confirmed.text).toContain('2 seats, with William King');
    await guest.getByRole('link', { name: 'Change your answer' }).click();
    await expect(guest.getByRole('radio', { name: "Yes, I'll be there" })).toBeChecked();
    await expect(guest.getByLabel('How many of you?')).toHaveValue('2');
    await expect(guest.getByLabel('Guest 2, coming with you')).toHaveValue('William King');
    await expect(guest.getByLabel('A word to your host')).toHaveValue('What a joy! 🎉');
    await look(guest);
    await choose(guest, "No, I can't come");
    await guest.getByRole('button', { name: 'Send my answer' }).click();
    await expect(guest.getByRole('status')).toContainText('You cannot come');
    await mailTo(ada.email, `You cannot come: ${TITLE}`);
  });

  await test.step('the host sees the change', async () => {
    await hostLooks();
    await expect(figure(page, 'Attending')).toHaveText(['0', '0 of 40 seats']);
    await expect(figure(page, 'Declined')).toHaveText(['1']);
    await expect(page.getByRole('listitem').filter({ hasText: `${ada.name} can't come` })).toBeVisible();
    if (scripts) expect(loads, 'the overview was never reloaded').toBe(0);
    await page.goto('/dashboard');
    await expect(page.getByRole('listitem').filter({ hasText: TITLE })).toContainText('Seats taken0');
    await look(page);
  });
});
