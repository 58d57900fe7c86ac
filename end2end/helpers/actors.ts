import { accountLinkIn, emailTo } from './email';
import { expect, type Page } from './test';

/** The year that events of the journeys take place in. */
export const YEAR = new Date().getFullYear() + 1;

let people = 0;

/** A unique person. */
export function somebody(name: string) {
  const email = `${name.toLowerCase().replace(/[^a-z]+/g, '.').replace(/^\.|\.$/g, '')}.${process.pid}.${++people}@example.org`;
  return { name, email, password: 'a few words in a row' };
}

export type Somebody = ReturnType<typeof somebody>;

/** Posts a form with the page's cookies and returns the address it led to. */
export async function post(page: Page, endpoint: string, form: Record<string, string>): Promise<string> {
  const response = await page.request.post(`/api/${endpoint}`, { form, headers: { accept: 'text/html' } });
  expect(response.ok(), `${endpoint}: ${response.status()}`).toBe(true);
  return response.url();
}

/** Creates a verified account and signs the page's browser in. */
export async function signUp(page: Page, name = 'Ana Host', email?: string): Promise<Somebody> {
  const who = { ...somebody(name), ...(email && { email }) };
  const form = { 'form[name]': who.name, 'form[email]': who.email, 'form[password]': who.password, 'form[accepted]': 'true' };
  expect(await post(page, 'auth/sign-up', form)).toMatch(/\/sign-in$/);
  const link = accountLinkIn(await emailTo(who.email, 'Verify your email address'));
  await post(page, 'auth/verify', { token: link.split('/').pop()! });
  await signIn(page, who);
  return who;
}

/** Signs the page's browser in. */
export async function signIn(page: Page, who: Somebody) {
  const form = { 'form[email]': who.email, 'form[password]': who.password };
  expect(await post(page, 'auth/sign-in', form)).toMatch(/\/dashboard$/);
}

/** Creates an event and returns its address. `fields` override the defaults of the form. */
export async function planEvent(page: Page, fields: Record<string, string> = {}): Promise<string> {
  const all = { title: 'Midsummer dinner', starts: `${YEAR}-06-20T18:30`, time_zone: 'Europe/Berlin', party_size: '2', ...fields };
  const form = Object.fromEntries(Object.entries(all).map(([name, value]) => [`form[${name}]`, value]));
  const event = await post(page, 'events/create', form);
  expect(event).toMatch(/\/dashboard\/events\/[0-9a-f-]{36}$/);
  return event;
}

/** Adds guests, one a line, and invites all of them. */
export async function invite(page: Page, event: string, list: string) {
  const id = event.split('/').pop()!;
  await post(page, 'guests/paste', { event: id, 'form[text]': list });
  await post(page, 'invitations/issue-all', { event: id });
}

/** Opens a guest's page from the list. */
export async function openGuest(page: Page, event: string, name: string) {
  await page.goto(`${event}/guests`);
  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** The personal link of a guest, as their page shows it. */
export async function linkOf(page: Page, event: string, name: string): Promise<string> {
  await openGuest(page, event, name);
  const link = await page.getByRole('textbox', { name: 'Personal link' }).inputValue();
  expect(link).toMatch(/\/i\/[\w-]{43}$/);
  return link;
}

/** A host with an event and one invited guest, Ada: the event's address and Ada's link. */
export async function hostWithGuest(page: Page, fields: Record<string, string> = {}) {
  const host = await signUp(page);
  const event = await planEvent(page, fields);
  const guest = somebody('Ada Lovelace');
  await invite(page, event, `${guest.name} <${guest.email}>`);
  return { host, event, guest, link: await linkOf(page, event, guest.name) };
}
