import type { DatabaseSync } from 'node:sqlite'
import { ClavigerError } from '#model'
import { integer } from './columns.ts'

/**
 * The schema, as a list that only ever grows: number n takes a database from version n to n + 1. Text is compared bytewise, so
 * that paging by id means the same everywhere.
 */
export const migrations: readonly string[] = [
  `
  -- The one row that orders everything: the next index, the revision, and the latest time that any batch bears.
  CREATE TABLE sequencer (
    ledger INTEGER PRIMARY KEY CHECK (ledger = 1),
    next INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    latest INTEGER NOT NULL
  ) STRICT;
  INSERT INTO sequencer (ledger, next, revision, latest) VALUES (1, 0, 0, 0);

  -- The entries of a group commit. latest is the greatest time up to here: it only grows, so a search can bisect it.
  CREATE TABLE ledger_batch (
    first_index INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    time INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    -- A facet a line. They come into batch_facet later, many batches at once: each would dirty a page of its own in every commit.
    facets TEXT NOT NULL,
    entries BLOB NOT NULL
  ) STRICT;
  CREATE TABLE batch_facet (
    facet TEXT NOT NULL,
    first_index INTEGER NOT NULL,
    PRIMARY KEY (facet, first_index)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE stored_row (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    document TEXT NOT NULL,
    material BLOB,
    revision INTEGER NOT NULL,
    seal BLOB NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT;
  CREATE INDEX stored_row_by_tenant ON stored_row (kind, tenant, id);
  CREATE TABLE row_facet (
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, tenant, name, value, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX row_facet_by_row ON row_facet (kind, id);

  -- What each revision touched, written or removed.
  CREATE TABLE change_log (
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (revision, kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX change_log_by_subject ON change_log (kind, id, revision);

  CREATE TABLE counter (
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    wraps INTEGER NOT NULL,
    PRIMARY KEY (key, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE personal (
    commitment TEXT PRIMARY KEY,
    salt BLOB NOT NULL,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- How far the tree is built, and its tiles: up to 256 hashes of 32 bytes each.
  CREATE TABLE tree (
    ledger INTEGER PRIMARY KEY CHECK (ledger = 1),
    size INTEGER NOT NULL,
    -- Batches before this index stand in batch_facet.
    indexed INTEGER NOT NULL
  ) STRICT;
  INSERT INTO tree (ledger, size, indexed) VALUES (1, 0, 0);
  CREATE TABLE tile (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
  ) STRICT;

  -- The newest signed checkpoint.
  CREATE TABLE checkpoint (
    ledger INTEGER PRIMARY KEY CHECK (ledger = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- What jobs have to do with rows, and since when; read in the order of time.
  CREATE TABLE due (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    job TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, id, job)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due_by_time ON due (job, at, kind, id);

  -- Where a counter has come so far, the job is due. Beside the counts, since each use passes by there anyway.
  ALTER TABLE counter ADD COLUMN due_job TEXT;
  ALTER TABLE counter ADD COLUMN due_uses INTEGER;
  ALTER TABLE counter ADD COLUMN due_bytes INTEGER;
  ALTER TABLE counter ADD COLUMN due_wraps INTEGER;
  -- Since the batch's time. A trigger costs a use that reaches nothing a comparison; asking each use what it reached costs more.
  CREATE TRIGGER counter_reached AFTER UPDATE ON counter
  WHEN new.uses >= new.due_uses OR new.bytes >= new.due_bytes OR new.wraps >= new.due_wraps
  BEGIN
    UPDATE due SET at = min(at, (SELECT time FROM ledger_batch ORDER BY first_index DESC LIMIT 1))
      WHERE kind = 'key' AND id = new.key AND job = new.due_job;
    INSERT INTO due (kind, id, job, at)
      SELECT 'key', new.key, new.due_job, (SELECT time FROM ledger_batch ORDER BY first_index DESC LIMIT 1)
      WHERE NOT EXISTS (SELECT 1 FROM due WHERE kind = 'key' AND id = new.key AND job = new.due_job);
  END;

  -- What was due before there was an index of it. This once, the store looks into documents.
  INSERT INTO due (kind, id, job, at)
    SELECT kind, id, 'destruction', json_extract(document, '$.destroyAt') FROM stored_row
    WHERE kind = 'key' AND json_type(document, '$.destroyAt') = 'integer';
  INSERT INTO due (kind, id, job, at)
    SELECT kind, id, 'expiry', json_extract(document, '$.materialExpiresAt') FROM stored_row
    WHERE kind = 'version' AND json_type(document, '$.materialExpiresAt') = 'integer';
  INSERT INTO due (kind, id, job, at)
    SELECT kind, id, 'rotation',
      json_extract(document, '$.rotation.since') + 86400000 * json_extract(document, '$.rotation.triggers.everyDays')
    FROM stored_row WHERE kind = 'key' AND json_type(document, '$.rotation.triggers.everyDays') = 'integer';
  `,
  `
  -- Dependents are told of end dates, first 30 days before one, or at half of the time to it where that is later. As above, this once.
  INSERT INTO due (kind, id, job, at)
    SELECT 'version', id, 'endDates', min(
      coalesce(max(protect - 2592000000, activated + (protect - activated + 1) / 2), 9223372036854775807),
      coalesce(max(process - 2592000000, activated + (process - activated + 1) / 2), 9223372036854775807))
    FROM (
      SELECT id, json_extract(document, '$.activatedAt') AS activated,
        json_extract(document, '$.processStopAt') AS process,
        CASE WHEN json_extract(document, '$.state') <> 'deactivated'
          AND json_extract(document, '$.protectStopAt') IS NOT json_extract(document, '$.processStopAt')
          THEN json_extract(document, '$.protectStopAt') END AS protect
      FROM stored_row
      WHERE kind = 'version' AND json_extract(document, '$.state') IN ('active', 'pre-activation', 'deactivated')
        AND json_type(document, '$.revocation') IS NULL AND json_type(document, '$.destroyedAt') IS NULL)
    WHERE protect IS NOT NULL OR process IS NOT NULL;
  `,
  `
  -- What waits to be told to a subscription is found in the order of time, too.
  INSERT INTO due (kind, id, job, at)
    SELECT kind, id, 'deliveries', json_extract(document, '$.nextAt') FROM stored_row WHERE kind = 'delivery';
  `,
]

/** 'Clav': how file(1) and this store tell a database of ours from another's. */
const APPLICATION_ID = 0x43_6c_61_76

/**
 * The schema that a database has, or 0 for an empty one. Reads, and changes nothing.
 *
 * @throws ClavigerError ledger_unavailable where a newer release, or another program, wrote the database.
 */
export function schemaOf(database: DatabaseSync): number {
  const version = integer(database.prepare('PRAGMA user_version').get()?.['user_version'])
  const application = integer(database.prepare('PRAGMA application_id').get()?.['application_id'])
  const tables = integer(
    database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'],
  )
  const empty = version === 0 && application === 0 && tables === 0
  if (!empty && application !== APPLICATION_ID) {
    throw new ClavigerError(
      'ledger_unavailable',
      'The database file belongs to another program; name a file of Claviger',
    )
  }
  if (version < 0 || version > migrations.length) {
    throw new ClavigerError(
      'ledger_unavailable',
      `The database has schema ${version} and this release knows ${migrations.length}; start the release that wrote it`,
    )
  }
  return version
}

/** Brings a database to the newest schema, in one transaction. @throws as {@link schemaOf} */
export function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = schemaOf(database)
    for (const migration of migrations.slice(version)) database.exec(migration)
    if (version < migrations.length) {
      database.exec(
        `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`,
      )
    }
    database.exec('COMMIT')
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw cause
  }
}
