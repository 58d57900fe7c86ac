import { MAIL_URL } from './services';
import { expect } from './test';

type Mail = {
  id: string;
  subject: string;
  from: { address: string; name: string }[];
  to: { address: string; name: string }[];
  headers: Record<string, string>;
  text: string;
  html: string;
};

/** Waits for the one email to `address` whose subject contains `subject`. */
export async function mailTo(address: string, subject: string): Promise<Mail> {
  const found = async () => {
    const mails = (await (await fetch(`${MAIL_URL}/email`)).json()) as Mail[];
    return mails.filter(mail => mail.to.some(to => to.address === address) && mail.subject.includes(subject));
  };
  await expect.poll(async () => (await found()).length, { message: `mails “${subject}” to ${address}` }).toBe(1);
  return (await found())[0]!;
}

/** The source of an email. */
export async function source(mail: Mail): Promise<string> {
  return (await fetch(`${MAIL_URL}/email/${mail.id}/source`)).text();
}

/** The link in an account email. */
export function accountLinkIn(mail: Mail): string {
  return /http:\/\/\S+\/(verify|reset|new-address)\/[\w-]{43}/.exec(mail.text)?.[0] ?? '';
}

/** The personal link in an email's text. */
export function linkIn(mail: Mail): string {
  return /http:\/\/\S+\/i\/[\w-]+/.exec(mail.text)?.[0] ?? '';
}
