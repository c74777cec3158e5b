// The steps of an enable run. A run that is delivered again looks before it creates, and goes on behind its cursor.
import { createHash } from 'node:crypto';
import { badField, derivedId, importBody } from './users.js';

const CHUNK = 100;
const PAGE = 1000;
const WINDOW = 8;
const VERIFY_PAUSES_MS = [1000, 2000, 5000, 10_000];
const MECHANISMS = ['totp', 'password', 'email_otp', 'webauthn'];

export async function onboard(database, secureauth, run) {
  const step = (name) => database.step.run(name, run.id);
  const biller = database.biller(run.biller_id);
  const owner = Buffer.from(createHash('sha1').update(`${secureauth.tenant}/${run.biller_id}`).digest());
  const pool = derivedId(owner, 'pool').replaceAll('-', '');
  const marker = { ic_onboarding_id: run.id, ic_bid: run.biller_id, ic_created_by: 'bench-peer' };
  step('check_users');
  const total = await checkUsers(database, run);
  step('ensure_organization');
  await ensureOrganization(secureauth, biller, marker);
  step('ensure_pool');
  await ensurePool(secureauth, biller, pool, marker);
  step('import_users');
  const common = {
    tenant_id: secureauth.tenant,
    user_pool_id: pool,
    created_at: run.created_at,
    updated_at: run.created_at,
  };
  await importUsers(database, secureauth, run, { owner, common, schema: secureauth.schema });
  step('verify_users');
  await verifyUsers(secureauth, pool, total);
  step('activate_organization');
  await activate(secureauth, run.biller_id);
  database.end(run);
}

const key = (run, what) => createHash('sha256').update(`${run}/${what}`).digest('hex');

/** Lets other requests have their turn. */
const breathe = () => new Promise(setImmediate);

async function checkUsers(database, run) {
  const names = new Set();
  let total = 0;
  for (let after = '', rows; (rows = database.page.all(run.biller_id, after, PAGE)).length > 0; await breathe()) {
    for (const row of rows) {
      const field = badField(row);
      const name = row.user_name?.toLowerCase();
      if (field !== undefined || names.has(name)) throw new Error(`user ${row.user_guid}: ${field ?? 'duplicate'}`);
      names.add(name);
      if (row.status !== 'deleted') total += 1;
    }
    after = rows.at(-1).user_guid;
  }
  database.total.run(total, run.id);
  return total;
}

async function ensureOrganization(secureauth, biller, marker) {
  if ((await secureauth.organization(biller.biller_id)) !== undefined) return;
  const body = {
    id: biller.biller_id,
    name: biller.biller_name,
    parent_id: 'invoice-cloud',
    deactivated: true,
    metadata: { payload: marker },
  };
  await secureauth.createOrganization(body, key(marker.ic_onboarding_id, 'organization'));
}

async function ensurePool(secureauth, biller, id, marker) {
  if ((await secureauth.pool(id)) !== undefined) return;
  const body = {
    id,
    tenant_id: secureauth.tenant,
    workspace_id: biller.biller_id,
    name: `${biller.biller_id} users`,
    payload_schema_id: secureauth.schema,
    identifier_case_insensitive: true,
    authentication_mechanisms: MECHANISMS,
    preferred_authentication_mechanism: 'password',
    metadata: marker,
  };
  await secureauth.createPool(body, key(marker.ic_onboarding_id, 'pool'));
}

/** Keeps a window of imports in flight. The cursor moves on when every chunk before it has been answered. */
async function importUsers(database, secureauth, run, ids) {
  const chunks = chunksOf(database, run);
  const answered = [];
  let first = 0;
  const work = async () => {
    for (let next; !(next = chunks.next()).done; ) {
      const { number, rows } = next.value;
      const live = rows.filter((row) => row.status !== 'deleted');
      if (live.length > 0) await secureauth.importUsers(importBody(ids, live));
      answered[number] = { cursor: rows.at(-1).user_guid, users: live.length };
      for (; answered[first] !== undefined; first += 1) {
        database.checkpoint.run(answered[first].cursor, answered[first].users, run.id);
        answered[first] = null;
      }
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, work));
}

function* chunksOf(database, run) {
  let number = 0;
  let after = run.user_cursor;
  for (let rows; (rows = database.page.all(run.biller_id, after, CHUNK)).length > 0; number += 1) {
    after = rows.at(-1).user_guid;
    yield { number, rows };
  }
}

async function verifyUsers(secureauth, pool, total) {
  for (const pause of [...VERIFY_PAUSES_MS, undefined]) {
    const found = await secureauth.pool(pool);
    if (found?.body.number_of_users === total) return;
    if (pause === undefined) throw new Error(`the pool shows ${found?.body.number_of_users} of ${total} users`);
    await new Promise((wake) => setTimeout(wake, pause));
  }
}

async function activate(secureauth, id) {
  const { body, etag } = await secureauth.organization(id);
  await secureauth.updateOrganization({ body: { ...body, deactivated: false }, etag });
}
