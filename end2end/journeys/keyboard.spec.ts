import { hostWithGuest, signUp } from '../helpers/actors';
import { expect, test, type Locator, type Page } from '../helpers/test';

/** Presses Tab until `target` has the focus, and shows that it can be seen there. */
async function tabTo(page: Page, target: Locator) {
  for (let pressed = 0; pressed < 40; pressed++) {
    await page.keyboard.press('Tab');
    if (await target.evaluate(element => element === document.activeElement)) return;
  }
  throw new Error(`Tab does not lead to ${target}`);
}

/** An outline or a shadow, on the element or on the label around it. */
async function showsFocus(target: Locator) {
  const visible = await target.evaluate(element =>
    [element, element.closest('label')].some(part => {
      const style = part && getComputedStyle(part);
      return !!style && ((style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none');
    }),
  );
  expect(visible, 'the focus can be seen').toBe(true);
}

test('signing in needs no mouse', async ({ page }) => {
  const host = await signUp(page);
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  const email = page.getByLabel('Email');
  await tabTo(page, email);
  await showsFocus(email);
  await page.keyboard.type(host.email);
  await tabTo(page, page.getByLabel('Password'));
  await page.keyboard.type(host.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/dashboard');
});

test('answering an invitation needs no mouse', async ({ page, someoneElse }) => {
  const { link } = await hostWithGuest(page);
  const guest = await someoneElse();
  await guest.goto(link);
  const yes = guest.getByRole('radio', { name: 'Yes' });
  await tabTo(guest, yes);
  await showsFocus(yes);
  await guest.keyboard.press('Space');
  await expect(yes).toBeChecked();
  await guest.keyboard.press('ArrowDown');
  await expect(guest.getByRole('radio', { name: 'Maybe' })).toBeChecked();
  await guest.keyboard.press('ArrowUp');
  await expect(yes).toBeChecked();
  const seats = guest.getByLabel('Number of guests');
  await tabTo(guest, seats);
  await showsFocus(seats);
  await guest.keyboard.press('2');
  await expect(seats).toHaveValue('2');
  const companion = guest.getByLabel('Name of guest 2');
  await tabTo(guest, companion);
  await guest.keyboard.type('William');
  await tabTo(guest, guest.getByLabel('Message to the host'));
  await guest.keyboard.type('See you');
  const send = guest.getByRole('button', { name: 'Send RSVP' });
  await tabTo(guest, send);
  await showsFocus(send);
  await guest.keyboard.press('Enter');
  await expect(guest.getByRole('status')).toContainText("You're going!");
  await expect(guest.getByRole('status')).toContainText('2 guests, with William');
});
