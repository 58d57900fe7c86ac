import { EMAILS_URL } from './services';
import { expect } from './test';

type Email = {
  id: string;
  subject: string;
  from: { address: string; name: string }[];
  to: { address: string; name: string }[];
  headers: Record<string, string>;
  text: string;
  html: string;
};

/** Waits for the one email to `address` whose subject contains `subject`. */
export async function emailTo(address: string, subject: string): Promise<Email> {
  const found = async () => {
    const emails = (await (await fetch(`${EMAILS_URL}/email`)).json()) as Email[];
    return emails.filter(email => email.to.some(to => to.address === address) && email.subject.includes(subject));
  };
  await expect.poll(async () => (await found()).length, { message: `emails “${subject}” to ${address}` }).toBe(1);
  return (await found())[0]!;
}

/** The source of an email. */
export async function source(email: Email): Promise<string> {
  return (await fetch(`${EMAILS_URL}/email/${email.id}/source`)).text();
}

/** The link in an account email. */
export function accountLinkIn(email: Email): string {
  return /http:\/\/\S+\/(verify|reset|new-address)\/[\w-]{43}/.exec(email.text)?.[0] ?? '';
}

/** The personal link in an email's text. */
export function linkIn(email: Email): string {
  return /http:\/\/\S+\/i\/[\w-]+/.exec(email.text)?.[0] ?? '';
}
