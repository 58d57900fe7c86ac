import { test as base, expect, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';

export { expect, type Locator, type Page } from '@playwright/test';

type Fixtures = {
  /** Whether the browser runs scripts. */
  scripts: boolean;
  /** A page of this status is part of the journey; browsers report it as an error in their console. */
  expectsStatus: (status: number) => void;
  /** This error belongs to the journey. */
  expectsError: (text: string) => void;
  /** Another person with a browser of their own. */
  someoneElse: (options?: BrowserContextOptions) => Promise<Page>;
  complaints: Complaints;
};

/** What the consoles of all browsers of one test complained about. */
class Complaints {
  readonly errors: string[] = [];
  readonly expected: string[] = [];

  listenTo(context: BrowserContext) {
    context.on('console', message => {
      if (message.type() === 'error') this.errors.push(`${message.text()} (${message.location().url})`);
    });
    context.on('weberror', error => this.errors.push(String(error.error().stack)));
  }

  unexpected(): string[] {
    return this.errors.filter(error => !this.expected.some(text => error.includes(text)));
  }
}

/** Every console error, and with it every breach of the content security policy, fails the test. */
export const test = base.extend<Fixtures>({
  scripts: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled !== false),
  complaints: async ({}, use) => {
    const complaints = new Complaints();
    await use(complaints);
    expect(complaints.unexpected(), 'errors in the browser’s console').toEqual([]);
  },
  context: async ({ context, complaints }, use) => {
    complaints.listenTo(context);
    await use(context);
  },
  expectsError: async ({ complaints }, use) => use(text => void complaints.expected.push(text)),
  expectsStatus: async ({ expectsError }, use) => use(status => expectsError(`responded with a status of ${status} `)),
  someoneElse: async ({ browser, complaints }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async options => {
      const context = await browser.newContext(options);
      contexts.push(context);
      complaints.listenTo(context);
      return context.newPage();
    });
    await Promise.all(contexts.map(context => context.close()));
  },
});
