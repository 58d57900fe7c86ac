import { execFileSync } from 'node:child_process';
import { signUp } from '../helpers/actors';
import { look } from '../helpers/look';
import { guestguard, operatorOf } from '../helpers/services';
import { expect, test } from '../helpers/test';

test('only an operator sees the backups and restore drills of the installation', async ({ page, someoneElse, expectsStatus }) => {
  await signUp(page, 'Olga Operator', operatorOf(test.info().project.name));
  execFileSync(guestguard.env.E2E_BINARY, ['backup', '--manual'], { env: { ...process.env, ...guestguard.env }, cwd: guestguard.cwd });
  await page.goto('/dashboard/account');
  await page.getByRole('link', { name: 'This installation' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'This installation' })).toBeVisible();
  await expect(page.getByText('Newest backup', { exact: true })).toBeVisible();
  await expect(page.getByText(/No drill passed in the last 35 days/)).toBeVisible();
  await look(page);

  const other = await someoneElse();
  await signUp(other, 'Ana Host');
  await other.goto('/dashboard/account');
  await expect(other.getByRole('link', { name: 'This installation' })).toHaveCount(0);
  expectsStatus(404);
  expect((await other.goto('/dashboard/operator'))?.status()).toBe(404);
});
