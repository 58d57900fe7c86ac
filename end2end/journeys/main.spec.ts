import { readFile } from 'node:fs/promises';
import { YEAR, somebody } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { accountLinkIn, emailTo, linkIn, source } from '../helpers/email';
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
    await page.getByRole('main').getByRole('link', { name: 'Get started free' }).click();
    await look(page);
    await page.getByLabel('Your name').fill(host.name);
    await page.getByLabel('Email').fill(host.email);
    await page.getByLabel('Password').fill(host.password);
    await page.getByLabel('I agree to the terms').check();
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('status')).toContainText('Check your email to verify your account.');
    await look(page);
    await page.goto(accountLinkIn(await emailTo(host.email, 'Verify your email address')));
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
    await page.getByRole('link', { name: 'Create your first event' }).click();
    await awake(page);
    const zone = page.getByLabel('Time zone');
    await expect(zone).toHaveValue(scripts ? 'Europe/Berlin' : '');
    await page.getByLabel('Title').fill(TITLE);
    await page.getByLabel('Start date & time').fill(`${YEAR}-06-20T18:30`);
    await page.getByLabel('End').fill(`${YEAR}-06-20T23:00`);
    await zone.selectOption('Europe/Berlin');
    await page.getByLabel('Venue').fill('The Walled Garden');
    await page.getByLabel('Address').fill('Orchard Lane 4, Lewes');
    await page.getByLabel('Message to guests').fill('There will be lanterns.\n\nAnd far too much food.');
    await page.getByLabel('Capacity').fill('40');
    await page.getByLabel('RSVP deadline').fill(`${YEAR}-06-18`);
    await choose(page, 'Garden');
    if (scripts) {
      const preview = page.getByRole('complementary', { name: 'Preview' }).getByRole('article');
      await expect(preview).toContainText(`${host.name} invites you to`);
      await expect(preview).toContainText(TITLE);
      await expect(preview).toContainText('The Walled Garden');
      await expect(preview).toHaveAttribute('data-theme', 'garden');
      await look(page);
    }
    await page.getByRole('button', { name: 'Create event' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Event created.' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1, name: TITLE })).toBeVisible();
  });

  await test.step('pastes a list of three', async () => {
    await page.getByRole('link', { name: 'Add guests' }).click();
    await awake(page);
    const list = page.getByLabel('Names and emails');
    const text = `${ada.name} <${ada.email}>\n"Turing, Alan" <${alan.email}>\nGrace Hopper`;
    await list.fill(text);
    if (!scripts) await page.getByRole('button', { name: 'Preview' }).click();
    await expect(list).toHaveValue(text);
    await expect(page.getByRole('status')).toHaveText('3 ready.');
    const understood = page.getByRole('main').locator('form').getByRole('listitem');
    await expect(understood).toHaveText([`${ada.name} ${ada.email}`, `Alan Turing ${alan.email}`, 'Grace Hopper']);
    await look(page);
    await page.getByRole('button', { name: 'Add 3 guests' }).click();
    await expect(page.getByRole('status')).toHaveText('3 guests added.');
    await look(page);
  });

  await test.step('sends the invitations', async () => {
    await page.getByRole('link', { name: 'Send invitations' }).click();
    await expect(figure(page, 'Email').first()).toHaveText('2');
    await expect(figure(page, 'Share manually').first()).toHaveText('1');
    await page.getByRole('button', { name: 'Send 3 invitations' }).click();
    await expect(page.getByRole('status')).toContainText('2 invitations sent. 1 guest gets no email: share their link yourself.');
    await look(page);
    await page.getByRole('navigation', { name: 'Event' }).getByRole('link', { name: 'Overview' }).click();
    await awake(page);
    await expect(figure(page, 'Invited')).toHaveText(['3', 'of 3 guests']);
    await expect(figure(page, 'No reply yet')).toHaveText(['3']);
    if (scripts) await expect(page.getByRole('status')).toHaveText('Live');
    await look(page);
  });
  let loads = 0;
  page.on('load', () => loads++);
  /** With scripts the overview follows by itself; without them the host loads it anew. */
  const hostLooks = () => (scripts ? undefined : page.reload());

  const link = await test.step('the invitation arrives, as text and as HTML', async () => {
    const mail = await emailTo(ada.email, TITLE);
    expect(mail.subject).toBe(`You're invited: ${TITLE}`);
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
    expect(mail.html).toContain('RSVP now');
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
    await choose(guest, 'Yes');
    await guest.getByLabel('Number of guests').selectOption('2');
    await guest.getByLabel('Name of guest 2').fill('William King');
    await guest.getByLabel('Message to the host').fill('What a joy! 🎉');
    await look(guest);
    await guest.getByRole('button', { name: 'Send RSVP' }).click();
    const summary = guest.getByRole('status');
    await expect(summary).toContainText("You're going!");
    await expect(summary).toContainText('2 guests, with William King');
    await expect(summary).toContainText('What a joy! 🎉');
    await look(guest);
  });

  await test.step('the host sees the answer', async () => {
    await hostLooks();
    await expect(figure(page, 'Attending')).toHaveText(['1', '2 of 40 guests']);
    await expect(figure(page, 'No reply yet')).toHaveText(['2']);
    await expect(page.getByRole('listitem').filter({ hasText: `${ada.name} accepted (2 guests)` })).toBeVisible();
    await expect(page.getByRole('img', { name: /2 attending, 0 maybe, 0 declined/ })).toBeVisible();
    await look(page);
  });

  await test.step('the guest puts it into their calendar', async () => {
    const saved = guest.waitForEvent('download');
    await guest.getByRole('link', { name: 'Apple / ICS' }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe('invitation.ics');
    const lines = calendarLines(await readFile(await download.path(), 'utf8'));
    expect(lines).toContain(`DTSTART:${YEAR}0620T163000Z`);
    expect(lines).toContain(`DTEND:${YEAR}0620T210000Z`);
    expect(lines).toContain('SEQUENCE:0');
    expect(lines).toContain(`SUMMARY:${TITLE}`);
    expect(lines.filter(line => /^UID:[0-9a-f-]{36}@/.test(line))).toHaveLength(1);
    expect([lines[0], lines.at(-2)]).toEqual(['BEGIN:VCALENDAR', 'END:VCALENDAR']);
  });

  await test.step('the guest changes their mind', async () => {
    const confirmed = await emailTo(ada.email, "You're going");
    expect(confirmed.subject).toBe(`You're going: ${TITLE}`);
    expect(confirmed.text).toContain('2 guests, with William King');
    await guest.getByRole('link', { name: 'Change RSVP' }).click();
    await expect(guest.getByRole('radio', { name: 'Yes' })).toBeChecked();
    await expect(guest.getByLabel('Number of guests')).toHaveValue('2');
    await expect(guest.getByLabel('Name of guest 2')).toHaveValue('William King');
    await expect(guest.getByLabel('Message to the host')).toHaveValue('What a joy! 🎉');
    await look(guest);
    await choose(guest, 'No');
    await guest.getByRole('button', { name: 'Send RSVP' }).click();
    await expect(guest.getByRole('status')).toContainText('You declined');
    await emailTo(ada.email, `You declined: ${TITLE}`);
  });

  await test.step('the host sees the change', async () => {
    await hostLooks();
    await expect(figure(page, 'Attending')).toHaveText(['0', '0 of 40 guests']);
    await expect(figure(page, 'Declined')).toHaveText(['1']);
    await expect(page.getByRole('listitem').filter({ hasText: `${ada.name} declined` })).toBeVisible();
    if (scripts) expect(loads, 'the overview was never reloaded').toBe(0);
    await page.goto('/dashboard');
    await expect(page.getByRole('listitem').filter({ hasText: TITLE })).toContainText('Attending0');
    await look(page);
  });
});
