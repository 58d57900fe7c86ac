import path from 'node:path';

/** With another number, a second run can go on beside the first. */
const PORT = Number(process.env.GG_E2E_PORT ?? 3100);
const SMTP_PORT = PORT + 25;
const MAIL_PORT = PORT + 80;
const DATABASE = PORT === 3100 ? 'guestguard_e2e' : `guestguard_e2e_${PORT}`;

/** Where GuestGuard is served for the journeys. */
export const BASE_URL = `http://127.0.0.1:${PORT}`;
/** Where the mails that it sent can be read. */
export const MAIL_URL = `http://127.0.0.1:${MAIL_PORT}`;

const root = path.resolve(__dirname, '../..');
const fromRoot = (file: string) => path.resolve(root, file);

/** Takes every mail and shows it at `MAIL_URL`. */
export const maildev = {
  name: 'maildev',
  command: `exec node_modules/.bin/maildev --silent --ip 127.0.0.1 --smtp ${SMTP_PORT} --web ${MAIL_PORT}`,
  cwd: fromRoot('end2end'),
  url: `${MAIL_URL}/healthz`,
  reuseExistingServer: false,
};

/** A new database, which need not survive a power cut. */
const sql = [
  `drop database if exists ${DATABASE} with (force)`,
  `create database ${DATABASE}`,
  `alter database ${DATABASE} set synchronous_commit = off`,
];

/** GuestGuard with that database. */
export const guestguard = {
  name: 'guestguard',
  command: `psql "$E2E_MAINTENANCE_URL" -qX -v ON_ERROR_STOP=1 ${sql.map(line => `-c '${line}'`).join(' ')} && exec "$E2E_BINARY" serve`,
  cwd: root,
  url: `${BASE_URL}/readyz`,
  reuseExistingServer: false,
  stdout: 'ignore' as const,
  stderr: 'pipe' as const,
  gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 5_000 },
  env: {
    PGOPTIONS: '--client-min-messages=warning',
    E2E_MAINTENANCE_URL: needed('GG_DATABASE_URL'),
    E2E_BINARY: fromRoot(process.env.GG_BINARY ?? 'target/debug/guestguard'),
    GG_ENV: 'development',
    GG_LOG: 'warn',
    GG_LISTEN: `127.0.0.1:${PORT}`,
    GG_PUBLIC_URL: BASE_URL,
    GG_DATABASE_URL: withPath(needed('GG_DATABASE_URL'), DATABASE),
    GG_REDIS_URL: withPath(needed('GG_REDIS_URL'), '1'),
    GG_SMTP_URL: `smtp://127.0.0.1:${SMTP_PORT}`,
    GG_SITE_ROOT: fromRoot(process.env.GG_SITE_ROOT ?? 'target/site'),
    GG_SECRET_KEY: 'development-end2end-not-a-secret-0123456789abcde',
    GG_METRICS_LISTEN: '',
    // All journeys come from one address.
    ...Object.fromEntries(
      ['SIGN_UP', 'SIGN_IN', 'ACCOUNT_MAIL', 'ACCOUNT_LINK', 'OPEN', 'ANSWER'].map(name => [`GG_LIMIT_${name}`, '10000/60']),
    ),
  },
};

/** The same server, another database of it. */
function withPath(address: string, name: string): string {
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
}

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing. bin/test sets it; by hand: eval "$(bin/services env)"`);
  return value;
}
