import os from 'node:os';
import path from 'node:path';

/** With another number, a second run can go on beside the first. */
const PORT = Number(process.env.GG_E2E_PORT ?? 3100);
const SMTP_PORT = PORT + 25;
const MAILDEV_PORT = PORT + 80;
const DATABASE = PORT === 3100 ? 'guestguard_e2e' : `guestguard_e2e_${PORT}`;

/** Where GuestGuard is served for the journeys. */
export const BASE_URL = `http://127.0.0.1:${PORT}`;
/** Where the emails that it sent can be read. */
export const EMAILS_URL = `http://127.0.0.1:${MAILDEV_PORT}`;

const root = path.resolve(__dirname, '../..');
const fromRoot = (file: string) => path.resolve(root, file);

/** Takes every email and shows it at `EMAILS_URL`. */
export const maildev = {
  name: 'maildev',
  command: `exec node_modules/.bin/maildev --silent --ip 127.0.0.1 --smtp ${SMTP_PORT} --web ${MAILDEV_PORT}`,
  cwd: fromRoot('end2end'),
  url: `${EMAILS_URL}/healthz`,
  reuseExistingServer: false,
};

const SHOP_PORT = PORT + 1;
const STRIPE_PORT = PORT + 90;

/** Where a GuestGuard is served that sells plans. */
export const SHOP_URL = `http://127.0.0.1:${SHOP_PORT}`;
/** Stripe, as server/tests/peers/stripe_stub.py plays it. */
export const STRIPE_URL = `http://127.0.0.1:${STRIPE_PORT}`;
export const STRIPE_SECRET = 'whsec_end2end';

const tools = process.env.GG_TOOLS_DIR ?? fromRoot('.local/tools');
export const stripe = {
  name: 'stripe',
  command: `exec ${tools}/python/bin/python server/tests/peers/stripe_stub.py ${STRIPE_PORT}`,
  cwd: root,
  url: `${STRIPE_URL}/_count`,
  reuseExistingServer: false,
};

/** A new database, which need not survive a power cut. */
const sql = (database: string) => [
  `drop database if exists ${database} with (force)`,
  `create database ${database}`,
  `alter database ${database} set synchronous_commit = off`,
];

/** GuestGuard with a database of its own, at `url`. */
const served = (name: string, url: string, database: string, env: Record<string, string>) => ({
  name,
  command: `psql "$E2E_MAINTENANCE_URL" -qX -v ON_ERROR_STOP=1 ${sql(database).map(line => `-c '${line}'`).join(' ')} && exec "$E2E_BINARY" serve`,
  cwd: root,
  url: `${url}/readyz`,
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
    GG_LISTEN: new URL(url).host,
    GG_PUBLIC_URL: url,
    GG_DATABASE_URL: withPath(needed('GG_DATABASE_URL'), database),
    GG_REDIS_URL: withPath(needed('GG_REDIS_URL'), String(['guestguard', 'shop', 'closed'].indexOf(name) + 1)),
    GG_SMTP_URL: `smtp://127.0.0.1:${SMTP_PORT}`,
    GG_SITE_ROOT: fromRoot(process.env.GG_SITE_ROOT ?? 'target/site'),
    GG_SECRET_KEY: 'development-end2end-not-a-secret-0123456789abcde',
    GG_METRICS_LISTEN: '',
    // All journeys come from one address.
    ...Object.fromEntries(
      ['SIGN_UP', 'SIGN_IN', 'ACCOUNT_EMAIL', 'ACCOUNT_LINK', 'OPEN', 'REPLY'].map(name => [`GG_LIMIT_${name}`, '10000/60']),
    ),
    ...env,
  },
});

/** Who looks after the installation, one for each project. */
export const operatorOf = (project: string) => `operator.${project}@example.org`;

/** Nothing is sold here: everybody has the largest plan. */
export const guestguard = served('guestguard', BASE_URL, DATABASE, {
  GG_OPERATORS: ['desktop', 'phone', 'no-javascript'].map(operatorOf).join(),
  GG_BACKUP_URL: `file://${path.join(os.tmpdir(), `guestguard-e2e-${PORT}`)}`,
});

/** Where a GuestGuard is served that is closed for maintenance. */
export const CLOSED_URL = `http://127.0.0.1:${PORT + 2}`;
export const closed = served('closed', CLOSED_URL, `${DATABASE}_closed`, { GG_MAINTENANCE: '1' });

/** Plans are sold here. */
export const shop = served('shop', SHOP_URL, `${DATABASE}_shop`, {
  GG_STRIPE_SECRET_KEY: 'sk_test_end2end',
  GG_STRIPE_WEBHOOK_SECRETS: STRIPE_SECRET,
  GG_STRIPE_URL: `${STRIPE_URL}/`,
  GG_STRIPE_PRICE_PRO_MONTHLY: 'price_pro_monthly',
  GG_STRIPE_PRICE_PRO_YEARLY: 'price_pro_yearly',
  GG_STRIPE_PRICE_BUSINESS_MONTHLY: 'price_business_monthly',
  GG_STRIPE_PRICE_BUSINESS_YEARLY: 'price_business_yearly',
});

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
