/**
 * The schema, step by step. A step that has been released is never edited: add the next one.
 *
 * Rowid tables, because rows of 2 KB read three times slower WITHOUT ROWID. Text is compared by its UTF-8 bytes: that is
 * BINARY, the default collation, in a database whose encoding is UTF-8, the default too.
 *
 * `pad` keeps an erasable body away from its neighbours. SQLite's secure_delete zeroes what it deletes, but when it
 * moves a row between two leaf pages to balance them it may leave a copy in the unused part of the old page, and never
 * clears that. With 4,061 bytes in front of it (the most of a row that a leaf of 4,096 bytes can hold,
 * https://www.sqlite.org/fileformat2.html#b_tree_pages) a body lies on overflow pages instead, which belong to one row,
 * are never moved, and are zeroed when freed.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE rows (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    ref TEXT,
    due INTEGER,
    version INTEGER NOT NULL CHECK (version >= 1),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    pad BLOB,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
  ) STRICT;
  CREATE INDEX rows_by_ref ON rows (kind, ref, id) WHERE ref IS NOT NULL;
  CREATE INDEX rows_by_due ON rows (due, kind, id) WHERE due IS NOT NULL;

  CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;

  CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
]
