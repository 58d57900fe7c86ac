import { planEvent, signUp } from '../helpers/actors';
import { awake, look } from '../helpers/look';
import { expect, test, type Page } from '../helpers/test';

async function newGuest(page: Page) {
  await signUp(page);
  await page.goto(`${await planEvent(page)}/guests/new`);
  await awake(page);
  await expect(page.getByRole('combobox', { name: 'Search countries' })).toBeVisible();
}

test('a pasted number picks its country and is cleaned up', async ({ page }) => {
  await newGuest(page);
  const number = page.getByRole('textbox', { name: 'Phone' });
  for (const [typed, iso, clean] of [
    ['+44 7911 123456', 'GB', '+447911123456'],
    ['0049 1512 3456789', 'DE', '+4915123456789'],
    ['tel:+33-6-12-34-56-78', 'FR', '+33612345678'],
    ['＋３４ ６１２ ３４ ５６ ７８', 'ES', '+34612345678'],
  ] as const) {
    await number.fill(typed);
    await expect(page.getByText(`✓ ${clean}`)).toBeVisible();
    await expect(page.locator('#country')).toHaveValue(iso);
    await number.blur();
    await expect(number).toHaveValue(clean);
  }
  await number.fill('+44 7911');
  await expect(page.getByText('This number is too short. Example: +44')).toBeVisible();
  await look(page);
});

test('a country is found by name, code or dial code, with the keyboard', async ({ page }) => {
  await newGuest(page);
  const options = page.getByRole('listbox', { name: 'Countries' }).getByRole('option');
  const find = page.getByRole('combobox', { name: 'Search countries' });
  for (const [typed, iso] of [['switz', 'CH'], ['NZ', 'NZ'], ['+81', 'JP'], ['kingdom', 'GB']] as const) {
    await find.fill(typed);
    await expect(options.first()).toHaveAttribute('aria-selected', 'true');
    await find.press('Enter');
    await expect(page.locator('#country')).toHaveValue(iso);
    await expect(find).toHaveAttribute('aria-expanded', 'false');
    await expect(page.getByRole('textbox', { name: 'Phone' })).toBeFocused();
  }
  await find.fill('united');
  await find.press('ArrowDown');
  const second = options.nth(1);
  await expect(find).toHaveAttribute('aria-activedescendant', (await second.getAttribute('id'))!);
  await look(page);
  await find.press('Escape');
  await expect(options).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Phone' }).fill('07911 123456');
  await expect(page.getByText('✓ +447911123456')).toBeVisible();
});
