// Checks rows, and turns them into the body of an import.
import { createHash } from 'node:crypto';

const STATUSES = new Set(['active', 'inactive', 'new', 'deleted']);
const NAME = /^[\x21-\x7e]{1,256}$/;
const EMAIL = /^[^\s@]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$/i;
const CONTROL = /[\x00-\x1f\x7f]/;

/** The field with a data error; `undefined` for a good row. */
export function badField(row) {
  if (!NAME.test(row.user_name ?? '')) return 'user_name';
  if ((row.email ?? '').length > 256 || !EMAIL.test(row.email ?? '')) return 'email';
  for (const field of ['first_name', 'last_name']) {
    const text = row[field] ?? '';
    if (text.length > 256 || CONTROL.test(text)) return field;
  }
  return STATUSES.has(row.status) ? undefined : 'status';
}

/** A UUID of version 5, so that a repeated import has the same ids. */
export function derivedId(owner, name) {
  const hash = createHash('sha1').update(owner).update(name).digest();
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function importBody(run, rows) {
  const users = [];
  const user_identifiers = [];
  const user_verifiable_addresses = [];
  for (const row of rows) {
    const id = derivedId(run.owner, `user/${row.user_guid}`);
    const payload = { user_name: row.user_name };
    if (row.first_name) payload.first_name = row.first_name;
    if (row.last_name) payload.last_name = row.last_name;
    users.push({ id, ...run.common, status: row.status, payload, payload_schema_id: run.schema });
    user_identifiers.push({
      id: derivedId(run.owner, `ident/uid/${row.user_guid}`),
      ...run.common,
      user_id: id,
      type: 'uid',
      identifier: row.user_name,
      identifier_lc: row.user_name.toLowerCase(),
    });
    user_verifiable_addresses.push({
      id: derivedId(run.owner, `addr/email/${row.user_guid}`),
      ...run.common,
      user_id: id,
      type: 'email',
      address: row.email,
      address_lc: row.email.toLowerCase(),
      status: 'active',
      verified: false,
    });
  }
  return { users, user_identifiers, user_verifiable_addresses };
}
