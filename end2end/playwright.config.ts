import { defineConfig } from '@playwright/test';
import { launch } from './chromium.mjs';
import { BASE_URL, closed, guestguard, maildev, shop, stripe } from './helpers/services';

/** The journeys, on a large screen, on a phone, and on a phone whose browser runs no scripts. */
export default defineConfig({
  testDir: 'journeys',
  outputDir: 'test-results',
  forbidOnly: true,
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  webServer: [maildev, stripe, guestguard, shop, closed],
  use: {
    baseURL: BASE_URL,
    actionTimeout: 15_000,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    screenshot: 'only-on-failure',
    // Contrast cannot be judged half-way through a fade.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: launch,
  },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1440, height: 900 } } },
    {
      name: 'phone',
      use: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: 'dark' },
    },
    {
      name: 'no-javascript',
      testIgnore: '**/*.scripts.spec.ts',
      use: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, javaScriptEnabled: false },
    },
  ],
});
