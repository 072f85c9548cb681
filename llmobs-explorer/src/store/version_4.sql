-- The addition of version 4 to version 3; see `store/migration.rs`.

-- The number of these spans that are heads of traces.
ALTER TABLE activity ADD COLUMN heads INTEGER NOT NULL DEFAULT 0;
