import { expect, type Locator, type Page } from './test';

/** One figure of the overview: its number, and the note below it. */
export function figure(page: Page, name: string): Locator {
  return page.locator('.figure').filter({ has: page.getByText(name, { exact: true }) }).getByRole('definition');
}

/** Picks a radio button as a finger does, anywhere on its label. */
export async function choose(page: Page, name: string) {
  const radio = page.getByRole('radio', { name: new RegExp(`^${name}\\b`) });
  await page.locator('label').filter({ has: radio }).click();
  await expect(radio).toBeChecked();
}

/** Turns off the browser's own form validation. */
export async function checkNothing(page: Page) {
  await page.locator('form').evaluateAll(forms => forms.forEach(form => form.setAttribute('novalidate', '')));
  await page.locator('[maxlength]').evaluateAll(fields => fields.forEach(field => field.removeAttribute('maxlength')));
}

/** The properties of a calendar file, with their parameters; folded lines are joined. */
export function calendarLines(file: string): string[] {
  return file.replace(/\r\n[ \t]/g, '').split('\r\n');
}
