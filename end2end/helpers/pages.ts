import { expect, type Locator, type Page } from './test';

/** What an overview says of one figure: its number, and the note below it. */
export function figure(page: Page, name: string): Locator {
  return page.locator('.figure').filter({ has: page.getByText(name, { exact: true }) }).getByRole('definition');
}

/** Picks a choice as a finger does, anywhere on its label. */
export async function choose(page: Page, words: string) {
  await page.locator('label').filter({ hasText: words }).click();
  await expect(page.getByRole('radio', { name: words })).toBeChecked();
}

/** Makes the page's browser one that checks nothing before it posts. */
export async function checkNothing(page: Page) {
  await page.locator('form').evaluateAll(forms => forms.forEach(form => form.setAttribute('novalidate', '')));
  await page.locator('[maxlength]').evaluateAll(fields => fields.forEach(field => field.removeAttribute('maxlength')));
}

/** The properties of a calendar file, with their parameters; folded lines are joined. */
export function calendarLines(file: string): string[] {
  return file.replace(/\r\n[ \t]/g, '').split('\r\n');
}
