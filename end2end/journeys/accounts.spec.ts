import { hostWithGuest, planEvent, signIn, signUp, type Somebody } from '../helpers/actors';
import { look } from '../helpers/look';
import { accountLinkIn, emailTo } from '../helpers/email';
import { figure } from '../helpers/pages';
import { expect, test, type Page } from '../helpers/test';

const NEW_PASSWORD = 'seven violet umbrellas';

async function tryToSignIn(page: Page, who: Somebody, password: string) {
  await page.goto('/sign-in');
  await page.getByLabel('Email').fill(who.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('five wrong passwords lock the account, an email unlocks it, and existing sessions are not affected', async ({ page, someoneElse }) => {
  test.slow();
  const host = await signUp(page);
  await page.goto(await planEvent(page));
  const stranger = await someoneElse();
  for (let n = 0; n < 4; n++) {
    await tryToSignIn(stranger, host, `guess ${n}`);
    await expect(stranger.getByLabel('Password')).toHaveAccessibleDescription(/don't match/);
  }
  await tryToSignIn(stranger, host, 'guess 5');
  await expect(stranger.getByRole('alert')).toContainText('Too many failed attempts');
  await look(stranger);
  await tryToSignIn(stranger, host, host.password);
  await expect(stranger.getByRole('alert')).toContainText('Too many failed attempts');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Midsummer dinner' })).toBeVisible();

  const mail = await emailTo(host.email, 'Too many failed sign-ins');
  expect(mail.html).toContain('Reset password');
  await stranger.goto(accountLinkIn(mail));
  await look(stranger);
  await stranger.getByLabel('Password').fill('guestguard');
  await stranger.getByRole('button', { name: 'Set password' }).click();
  await expect(stranger.getByLabel('Password')).toHaveAccessibleDescription(/easy to guess/);
  await stranger.getByLabel('Password').fill(NEW_PASSWORD);
  await stranger.getByRole('button', { name: 'Set password' }).click();
  await expect(stranger).toHaveURL('/dashboard');
  await expect(stranger.getByRole('status')).toContainText('Password set.');
  await page.reload();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await emailTo(host.email, 'Your password was changed');
});

test('a forgotten password is reset by email, once', async ({ page, expectsStatus }) => {
  const host = await signUp(page);
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Forgot password?' }).click();
  await look(page);
  await page.getByLabel('Email').fill(host.email);
  await page.getByRole('button', { name: 'Send reset link' }).click();
  await expect(page.getByRole('status')).toContainText('If an account has this address');
  const link = accountLinkIn(await emailTo(host.email, 'Reset your password'));
  await page.goto(link);
  await page.getByLabel('Password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page).toHaveURL('/dashboard');
  expectsStatus(410);
  expect((await page.goto(link))?.status()).toBe(410);
  await expect(page.getByRole('heading', { level: 1, name: 'This link has expired' })).toBeVisible();
  await look(page);
});

test('the account page changes the password, ends other sessions and shows recent activity', async ({ page, someoneElse }) => {
  const host = await signUp(page);
  const phone = await someoneElse();
  await signIn(phone, host);
  await page.goto('/dashboard');
  await page.getByRole('banner').getByRole('link', { name: /Account|Ana Host/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
  await look(page);
  await expect(page.getByRole('listitem').filter({ hasText: 'This browser' })).toContainText('Chrome on Linux');
  await page.getByRole('button', { name: 'Sign out Chrome on Linux' }).click();
  await expect(page.getByRole('status')).toHaveText('Session signed out.');
  await phone.goto('/dashboard');
  await expect(phone).toHaveURL(/\/sign-in/);

  const password = page.locator('form').filter({ has: page.getByRole('button', { name: 'Update password' }) });
  await password.getByLabel('Current password').fill('not this one');
  await password.getByLabel('New password').fill(NEW_PASSWORD);
  await password.getByRole('button').click();
  await expect(password.getByLabel('Current password')).toHaveAccessibleDescription('That is not your current password.');
  await password.getByLabel('Current password').fill(host.password);
  await password.getByLabel('New password').fill(NEW_PASSWORD);
  await password.getByRole('button').click();
  await expect(page.getByRole('status')).toContainText('Password updated.');
  await expect(page.getByRole('listitem').filter({ hasText: 'Password changed' })).toBeVisible();
  await page.context().clearCookies();
  await signIn(page, { ...host, password: NEW_PASSWORD });
});

test('an address changes when both addresses confirm', async ({ page }) => {
  const host = await signUp(page);
  const email = host.email.replace('@', '.moved@');
  await page.goto('/dashboard/account');
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Change email' }) });
  await form.getByLabel('New email').fill(email);
  await form.getByLabel('Current password').fill(host.password);
  await form.getByRole('button').click();
  await expect(page.getByRole('status')).toContainText('We sent an email to both addresses.');
  await page.goto(accountLinkIn(await emailTo(email, 'Confirm your new email address')));
  await look(page);
  await page.getByRole('button', { name: 'Confirm new email' }).click();
  await expect(page.getByRole('status')).toContainText('Now confirm in the email to the other address');
  await page.goto(accountLinkIn(await emailTo(host.email, 'Confirm your new email address')));
  await page.getByRole('button', { name: 'Confirm new email' }).click();
  await expect(page.getByRole('status')).toContainText('Email changed.');
  await page.context().clearCookies();
  await signIn(page, { ...host, email });
});

test('signing out elsewhere closes the live overview', async ({ page, someoneElse, scripts, expectsStatus }) => {
  test.skip(!scripts, 'there is no live overview without scripts');
  const { host, event } = await hostWithGuest(page);
  await page.goto(event);
  await expect(page.getByRole('status')).toHaveText('Live');
  const other = await someoneElse();
  await signIn(other, host);
  await other.goto('/dashboard/account');
  expectsStatus(401);
  await other.getByRole('button', { name: 'Sign out all other sessions' }).click();
  await expect(page.getByRole('status')).toContainText('Signed out');
  await expect(figure(page, 'Invited').first()).toHaveText('1');
});
