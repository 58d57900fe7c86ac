import { hostWithGuest, invite, linkOf, planEvent, signUp } from '../helpers/actors';
import { look } from '../helpers/look';
import { choose, figure } from '../helpers/pages';
import { expect, test, type Page } from '../helpers/test';

async function answerYes(guest: Page, link: string) {
  await guest.goto(link);
  await choose(guest, "Yes, I'll be there");
  await guest.getByRole('button', { name: 'Send my answer' }).click();
  await expect(guest.getByRole('status')).toContainText('You are coming');
}

test('the overview says when it is cut off, comes back by itself and has missed nothing', async ({ page, someoneElse }) => {
  const { event, link } = await hostWithGuest(page);
  let cut = () => {};
  let reachable = true;
  await page.routeWebSocket(/\/ws\/events\//, socket => {
    if (!reachable) return void socket.close();
    const server = socket.connectToServer();
    cut = () => {
      void socket.close();
      void server.close();
    };
  });
  await page.goto(event);
  const status = page.getByRole('status');
  await expect(status).toHaveText('Live');

  reachable = false;
  cut();
  await expect(status).toContainText('Offline');
  await look(page);
  await answerYes(await someoneElse(), link);
  await expect(figure(page, 'Attending')).toHaveText(['0', '0 seats']);

  reachable = true;
  await expect(status).toHaveText('Live', { timeout: 40_000 });
  await expect(figure(page, 'Attending')).toHaveText(['1', '1 seat']);
});

test('the overview notices that the network is gone', async ({ page }) => {
  const { event } = await hostWithGuest(page);
  // A new ticket cannot be had, and the socket ends.
  let cut = () => {};
  await page.routeWebSocket(/\/ws\/events\//, socket => {
    socket.connectToServer();
    cut = () => void socket.close();
  });
  await page.goto(event);
  await expect(page.getByRole('status')).toHaveText('Live');
  let refused = 0;
  await page.route('**/api/rsvp/ticket*', route => {
    refused++;
    return route.fulfill({ status: 204 });
  });
  cut();
  await expect(page.getByRole('status')).toContainText('Offline');
  await expect.poll(() => refused).toBeGreaterThan(0);
  await page.unroute('**/api/rsvp/ticket*');
  await expect(page.getByRole('status')).toHaveText('Live', { timeout: 40_000 });
});

test('only the event that changed is read anew', async ({ page, context, someoneElse }) => {
  await signUp(page);
  const [one, two] = [await planEvent(page, { title: 'One' }), await planEvent(page, { title: 'Two' })];
  await invite(page, one, 'Ada');
  const link = await linkOf(page, one, 'Ada');
  const other = await context.newPage();
  await Promise.all([page.goto(one), other.goto(two)]);
  for (const tab of [page, other]) await expect(tab.getByRole('status')).toHaveText('Live');
  let readings = 0;
  other.on('request', request => {
    if (request.url().includes('/api/rsvp/watch')) readings++;
  });
  await answerYes(await someoneElse(), link);
  await expect(figure(page, 'Attending')).toHaveText(['1', '1 seat']);
  expect(readings).toBe(0);
});
