// How pages feel on a slow telephone: `node throttled.mjs ADDRESS COOKIE NAME=PATH…` opens each path three times, cold, in
// Chromium with a processor four times slower and a network as Lighthouse's "slow 4G" (150 ms, 1.6 Mbit/s down), and
// prints the middle of the figures as JSON, in milliseconds and bytes. bin/bench calls it.
import { chromium } from '@playwright/test';
import { launch } from './chromium.mjs';

const [address, cookie, ...pages] = process.argv.slice(2);
const split = (text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
const middle = (figures) => figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)];

const browser = await chromium.launch(launch);

async function once(path) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true });
  const [name, value] = split(cookie);
  await context.addCookies([{ name, value, url: `http://${address}` }]);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: (1.6 * 1024 * 1024) / 8,
    uploadThroughput: (750 * 1024) / 8,
  });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  let bytes = 0;
  devtools.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  await page.addInitScript(() => {
    window.seen = { paint: 0, blocked: 0, last: 0 };
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.seen.paint = entry.startTime))).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) =>
      list.getEntries().forEach((entry) => {
        window.seen.blocked += entry.duration - 50;
        window.seen.last = entry.startTime + entry.duration;
      }),
    ).observe({ type: 'longtask', buffered: true });
  });
  await page.goto(`http://${address}${path}`, { waitUntil: 'networkidle' });
  const seen = await page.evaluate(() => window.seen);
  const first = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  const scripted = (await page.locator('leptos-island').count()) > 0;
  await context.close();
  // Without scripts a page can be used as soon as it is painted; with them, when the last long task is over.
  const interactive = scripted ? Math.max(seen.last, first) : first;
  return { first, largest: seen.paint, interactive, blocked: seen.blocked, bytes };
}

const figures = {};
for (const [name, path] of pages.map(split)) {
  const rounds = [];
  for (let round = 0; round < 3; round += 1) rounds.push(await once(path));
  figures[name] = Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, middle(rounds.map((round) => round[key]))]));
}
await browser.close();
console.log(JSON.stringify(figures));
