import { hostWithGuest, invite, linkOf, planEvent, signUp } from '../helpers/actors';
import { look } from '../helpers/look';
import { choose, figure } from '../helpers/pages';
import { expect, test, type Page } from '../helpers/test';

async function answerYes(guest: Page, link: string) {
  await guest.goto(link);
  await choose(guest, 'Yes');
  await guest.getByRole('button', { name: 'Send RSVP' }).click();
  await expect(guest.getByRole('status')).toContainText("You're going!");
}

/** Stands between the page and its live socket, to cut it and to refuse new ones. */
async function between(page: Page) {
  const line = { open: true, cut: () => {} };
  await page.routeWebSocket(/\/ws\/events\//, socket => {
    if (!line.open) return void socket.close();
    const server = socket.connectToServer();
    line.cut = () => {
      void socket.close();
      void server.close();
    };
  });
  return line;
}

test('the overview says when it is cut off, comes back by itself and has missed nothing', async ({ page, someoneElse }) => {
  const { event, link } = await hostWithGuest(page);
  const line = await between(page);
  await page.goto(event);
  const status = page.getByRole('status');
  await expect(status).toHaveText('Live');

  line.open = false;
  line.cut();
  await expect(status).toContainText('Offline');
  await look(page);
  await answerYes(await someoneElse(), link);
  await expect(status).toContainText('Offline');
  await expect(figure(page, 'Attending')).toHaveText(['0', '0 guests']);

  line.open = true;
  await expect(status).toHaveText('Live', { timeout: 40_000 });
  await expect(figure(page, 'Attending')).toHaveText(['1', '1 guest']);
});

test('without a network the overview says offline, and with it live again', async ({ page, context, expectsError }) => {
  const { event } = await hostWithGuest(page);
  const line = await between(page);
  await page.goto(event);
  const status = page.getByRole('status');
  await expect(status).toHaveText('Live');
  // Chromium keeps open sockets alive when it plays offline, so the line is cut as well.
  expectsError('net::ERR_INTERNET_DISCONNECTED');
  await context.setOffline(true);
  line.cut();
  await expect(status).toContainText('Offline');
  await context.setOffline(false);
  await expect(status).toHaveText('Live', { timeout: 40_000 });
});

test('an overview whose host has signed out says so', async ({ page, context, expectsStatus }) => {
  const { event } = await hostWithGuest(page);
  const line = await between(page);
  await page.goto(event);
  const status = page.getByRole('status');
  await expect(status).toHaveText('Live');
  expectsStatus(401);
  await context.clearCookies();
  line.cut();
  await expect(status).toHaveText('Signed out: reload the page to sign in again');
  await page.reload();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test('the overview of an event that did not change gets no update', async ({ page, context, someoneElse }) => {
  await signUp(page);
  const [one, two] = [await planEvent(page, { title: 'One' }), await planEvent(page, { title: 'Two' })];
  await invite(page, one, 'Ada');
  const link = await linkOf(page, one, 'Ada');
  const other = await context.newPage();
  const frames: string[] = [];
  other.on('websocket', socket => socket.on('framereceived', frame => frames.push(String(frame.payload))));
  await Promise.all([page.goto(one), other.goto(two)]);
  for (const tab of [page, other]) await expect(tab.getByRole('status')).toHaveText('Live');
  const before = frames.length;
  expect(before).toBeGreaterThan(0);
  await answerYes(await someoneElse(), link);
  await expect(figure(page, 'Attending')).toHaveText(['1', '1 guest']);
  expect(frames).toHaveLength(before);
});
