// The CRM's views, and the table in which this program keeps its runs.
import { randomUUID } from 'node:crypto';
import Sqlite from 'better-sqlite3';

const RUNS = `CREATE TABLE IF NOT EXISTS peer_run (
  id TEXT PRIMARY KEY, biller_id TEXT NOT NULL, state TEXT NOT NULL, step TEXT, user_cursor TEXT NOT NULL DEFAULT '',
  users_total INTEGER NOT NULL DEFAULT 0, imported INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS ix_peer_run ON peer_run (biller_id, created_at)`;

export class Database {
  constructor(path) {
    const db = new Sqlite(path, { timeout: 10_000 });
    db.pragma('journal_mode = wal');
    db.pragma('synchronous = normal');
    db.exec(RUNS);
    this.billerById = db.prepare('SELECT biller_id, biller_name FROM ciam_biller WHERE biller_id = ?');
    this.runById = db.prepare('SELECT * FROM peer_run WHERE id = ?');
    this.latest = db.prepare('SELECT * FROM peer_run WHERE biller_id = ? ORDER BY created_at DESC LIMIT 1');
    this.insert = db.prepare('INSERT INTO peer_run (id, biller_id, state, created_at) VALUES (?, ?, ?, ?)');
    this.step = db.prepare("UPDATE peer_run SET state = 'running', step = ? WHERE id = ?");
    this.total = db.prepare('UPDATE peer_run SET users_total = ? WHERE id = ?');
    this.page = db.prepare(
      `SELECT user_guid, user_name, first_name, last_name, email, status FROM ciam_biller_user
       WHERE biller_id = ? AND user_guid > ? ORDER BY user_guid LIMIT ?`,
    );
    this.checkpoint = db.prepare('UPDATE peer_run SET user_cursor = ?, imported = imported + ? WHERE id = ?');
    const end = db.prepare("UPDATE peer_run SET state = 'succeeded', step = NULL WHERE id = ?");
    const record = db.prepare(
      `INSERT INTO crm_product_ciam (biller_id, ciam_status, activation_date, toggle_on, onboarding_id)
       VALUES (?, 'Active', ?, 1, ?) ON CONFLICT (biller_id) DO UPDATE SET ciam_status = excluded.ciam_status,
         activation_date = excluded.activation_date, toggle_on = 1, onboarding_id = excluded.onboarding_id`,
    );
    this.end = db.transaction((run) => {
      record.run(run.biller_id, Date.now() * 1000, run.id);
      end.run(run.id);
    });
    // Reading first makes a second event of the biller join its open run.
    this.accept = db.transaction((billerId, state) => {
      const open = this.latest.get(billerId);
      if (open !== undefined && open.state !== 'succeeded') return open;
      const id = randomUUID();
      this.insert.run(id, billerId, state, new Date().toISOString());
      return this.runById.get(id);
    }).immediate;
  }

  biller(id) {
    return this.billerById.get(id);
  }

  run(id) {
    return this.runById.get(id);
  }

  latestRun(billerId) {
    return this.latest.get(billerId);
  }
}
