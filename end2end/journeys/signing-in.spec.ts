import { BASE_URL } from '../helpers/services';
import { planEvent, signUp, somebody, type Somebody } from '../helpers/actors';
import { look } from '../helpers/look';
import { expect, test, type Page } from '../helpers/test';

async function signOut(page: Page) {
  await page.goto('/dashboard');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('status')).toHaveText('You are signed out.');
  await expect(page).toHaveURL('/sign-in');
}

async function signIn(page: Page, who: Somebody) {
  await page.getByLabel('Email').fill(who.email);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('signing in brings people back to where they wanted to go', async ({ page }) => {
  const host = await signUp(page);
  const guests = `${await planEvent(page)}/guests?search=ada&sort=status`;
  await signOut(page);
  await look(page);
  await page.goto(guests);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, host);
  await expect(page).toHaveURL(guests);
});

test('a wrong password on the way does not forget where one wanted to go', async ({ page }) => {
  const host = await signUp(page);
  await signOut(page);
  await page.goto('/dashboard/events/new');
  await signIn(page, { ...host, password: 'not this one' });
  await expect(page.getByLabel('Password')).toHaveAccessibleDescription(/don't match/);
  await signIn(page, host);
  await expect(page).toHaveURL('/dashboard/events/new');
});

test('people without an account come to where they wanted to go as well', async ({ page }) => {
  await page.goto('/dashboard/events/new');
  await page.getByRole('link', { name: 'Create an account' }).click();
  const nora = somebody('Nora');
  await page.getByLabel('Your name').fill(nora.name);
  await page.getByLabel('Email').fill(nora.email);
  await page.getByLabel('Password').fill(nora.password);
  await page.getByLabel('I agree to the terms').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, nora);
  await expect(page).toHaveURL('/dashboard/events/new');
  await expect(page.getByText(/Verify your email address/)).toContainText(nora.email);
});

test('nobody is sent to another site after signing in', async ({ page }) => {
  const host = await signUp(page);
  for (const next of ['https://evil.example/', '//evil.example/', '/\\evil.example/', 'javascript:alert(1)']) {
    await signOut(page);
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await signIn(page, host);
    await expect(page).toHaveURL(`${BASE_URL}/dashboard`);
  }
});

test('signed-out visitors of the dashboard are asked to sign in', async ({ page }) => {
  for (const path of ['/dashboard', '/dashboard/events/new', '/dashboard/events/0/guests']) {
    await page.goto(path);
    await expect(page).toHaveURL(`/sign-in?next=${encodeURIComponent(path)}`);
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  }
});

test('after signing out the back button shows nothing of the list', async ({ page }) => {
  await signUp(page);
  await page.goto(await planEvent(page));
  await expect(page.getByRole('heading', { level: 1, name: 'Midsummer dinner' })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/sign-in');
  await page.goBack();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});
