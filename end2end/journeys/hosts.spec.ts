import { hostWithGuest, planEvent, post, signUp } from '../helpers/actors';
import { look } from '../helpers/look';
import { expect, test } from '../helpers/test';

test('one host finds nothing of another’s event', async ({ page, someoneElse, expectsStatus }) => {
  const { event, guest } = await hostWithGuest(page);
  const guestPage = new URL(page.url()).pathname;
  const other = await someoneElse();
  await signUp(other, 'Eve Other');
  await other.goto('/dashboard');
  await expect(other.getByText('Midsummer dinner')).toHaveCount(0);

  expectsStatus(404);
  const own = ['', '/edit', '/cancel', '/delete', '/guests', '/guests/new', '/guests/paste', '/invite'];
  for (const path of [...own.map(part => event + part), guestPage]) {
    expect((await page.request.get(path)).status(), `${path} for its host`).toBe(200);
    expect((await other.goto(path))?.status(), `${path} for another host`).toBe(404);
    await expect(other.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
    await expect(other.getByText('Midsummer dinner')).toHaveCount(0);
  }
  await look(other);
  // Not even through an event of their own.
  const theirs = await planEvent(other, { title: 'Another party' });
  expect((await other.goto(`${theirs}/guests/${guestPage.split('/').pop()}`))?.status()).toBe(404);
  await page.goto(`${event}/guests`);
  await expect(page.getByRole('link', { name: guest.name })).toBeVisible();
});

test('what one host posts does not reach another’s event', async ({ page, someoneElse }) => {
  const { event, guest, link } = await hostWithGuest(page);
  const [id, guestId] = [event.split('/').pop()!, page.url().split('/').pop()!];
  const other = await someoneElse();
  await signUp(other, 'Eve Other');
  const attempts: [string, Record<string, string>][] = [
    ['events/cancel', { event: id }],
    ['events/delete', { event: id }],
    ['guests/delete', { event: id, 'ids[]': guestId }],
    ['guests/add', { event: id, 'form[name]': 'Mallory' }],
    ['guests/paste', { event: id, 'form[text]': 'Mallory' }],
    ['guests/edit', { event: id, guest: guestId, 'form[name]': 'Mallory' }],
    ['invitations/rotate', { event: id, guest: guestId }],
  ];
  for (const [endpoint, form] of attempts) {
    const refused = await other.request.post(`/api/${endpoint}`, { form, headers: { accept: 'application/json' } });
    expect(refused.status(), endpoint).toBe(404);
    await post(other, endpoint, form);
  }
  await page.goto(`${event}/guests`);
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('1 guest');
  await page.getByRole('link', { name: guest.name }).click();
  await expect(page.getByRole('textbox', { name: 'Personal link' })).toHaveValue(link);
});
