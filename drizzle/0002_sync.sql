-- What makes a table a synced one. A migration that adds an entity's table calls app.sync_table('songs', 'band_id').
CREATE TABLE app.synced_table (
  name text PRIMARY KEY,
  scope_column text NOT NULL
);
--> statement-breakpoint
COMMENT ON TABLE app.synced_table IS 'Every synced table and the column that says whose its rows are; kept by app.sync_table()';
--> statement-breakpoint
GRANT SELECT ON app.synced_table TO backline_app;
--> statement-breakpoint
CREATE PUBLICATION electric_publication_default;
--> statement-breakpoint
-- The server's columns, whatever a statement says. Without app.user_id (migrations, seeds, imports: only the owner gets that far)
-- authors and times of an insert are kept as given.
CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  actor uuid := app.user_id();
  counts_version boolean := TG_NARGS = 0;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF actor IS NOT NULL THEN
      new.created_at := clock_timestamp();
      new.created_by := actor;
      new.updated_at := new.created_at;
      new.updated_by := actor;
      new.updated_by_client := app.client_id();
      new.deleted_at := NULL;
      IF counts_version THEN new.version := 1; END IF;
    END IF;
    RETURN new;
  END IF;
  new.created_at := old.created_at;
  new.created_by := old.created_by;
  -- clock_timestamp, not now(): a long transaction's rows must not look older than what others read meanwhile.
  new.updated_at := clock_timestamp();
  new.version := CASE WHEN counts_version THEN old.version + 1 ELSE greatest(old.version, new.version) END;
  IF actor IS NOT NULL THEN
    new.updated_by := actor;
    new.updated_by_client := app.client_id();
    new.deleted_at := CASE
      WHEN new.deleted_at IS NULL THEN NULL
      WHEN old.deleted_at IS NOT NULL THEN old.deleted_at
      -- Deleting a band gives all its rows one time.
      ELSE coalesce(nullif(current_setting('app.deleted_at', true), '')::timestamptz, clock_timestamp())
    END;
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION 'A row of % cannot change its %', TG_TABLE_NAME, array_to_string(TG_ARGV, ', ') USING ERRCODE = 'check_violation';
END
$$;
--> statement-breakpoint
-- Makes a table a synced one: server columns, row-level security (the policies themselves are the migration's), publication, replica
-- identity, grants. `fixed_columns` never change after the insert; id and scope never do. `counts_version` is false where the
-- version is the entity's own field. Calling it again is harmless and brings the table up to date.
CREATE FUNCTION app.sync_table(
  table_name text,
  scope_column text,
  fixed_columns text[] DEFAULT '{}',
  counts_version boolean DEFAULT true
) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  target regclass := format('public.%I', table_name)::regclass;
  fixed text[] := array(SELECT DISTINCT unnest(ARRAY['id', scope_column] || fixed_columns) ORDER BY 1);
  is_versioned boolean := EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'version' AND NOT attisdropped
  );
BEGIN
  INSERT INTO app.synced_table VALUES (table_name, scope_column)
  ON CONFLICT (name) DO UPDATE SET scope_column = excluded.scope_column;

  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  -- The log then carries whole old rows: moves out of a shape can be told apart.
  EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', target);
  IF NOT EXISTS (
    SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
    WHERE p.pubname = 'electric_publication_default' AND r.prrelid = target
  ) THEN
    EXECUTE format('ALTER PUBLICATION electric_publication_default ADD TABLE ONLY %s', target);
  END IF;

  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO backline_app', target);
  EXECUTE format('GRANT SELECT ON %s TO backline_electric', target);
  -- Row-level security would silently empty the sync service's snapshots, but not its log. TO keeps it from opening the table to all.
  EXECUTE format('DROP POLICY IF EXISTS electric_reads ON %s', target);
  EXECUTE format('CREATE POLICY electric_reads ON %s FOR SELECT TO backline_electric USING (true)', target);

  EXECUTE format(
    'CREATE OR REPLACE TRIGGER fixed BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION app.refuse_change(%s)',
    target,
    (SELECT string_agg(format('old.%1$I IS DISTINCT FROM new.%1$I', c), ' OR ') FROM unnest(fixed) c),
    (SELECT string_agg(quote_literal(c), ', ') FROM unnest(fixed) c)
  );
  IF is_versioned THEN
    -- Triggers fire by name: stamp is the last of ours, after fixed and rules.
    EXECUTE format(
      'CREATE OR REPLACE TRIGGER stamp BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION app.stamp(%s)',
      target,
      CASE WHEN counts_version THEN '' ELSE quote_literal('version is given') END
    );
  END IF;
END
$$;
--> statement-breakpoint
SELECT app.sync_table('bands', 'id');
--> statement-breakpoint
SELECT app.sync_table('band_members', 'band_id', ARRAY['user_id', 'joined_at']);
--> statement-breakpoint
SELECT app.sync_table('invites', 'band_id', ARRAY['code']);
--> statement-breakpoint
SELECT app.sync_table('songs', 'band_id');
--> statement-breakpoint
SELECT app.sync_table('song_notes', 'user_id', ARRAY['song_id']);
--> statement-breakpoint
SELECT app.sync_table('setlists', 'band_id');
--> statement-breakpoint
SELECT app.sync_table('shows', 'band_id');
--> statement-breakpoint
SELECT app.sync_table('practices', 'band_id');
--> statement-breakpoint
SELECT app.sync_table('attendance', 'band_id', ARRAY['subject_entity', 'subject_id', 'user_id']);
--> statement-breakpoint
SELECT app.sync_table('projects', 'id');
--> statement-breakpoint
SELECT app.sync_table('project_users', 'project_id', ARRAY['user_id']);
--> statement-breakpoint
SELECT app.sync_table('conversations', 'band_id');
--> statement-breakpoint
SELECT app.sync_table('messages', 'band_id', ARRAY['conversation_id']);
--> statement-breakpoint
SELECT app.sync_table('writing_sessions', 'user_id');
--> statement-breakpoint
SELECT app.sync_table('read_marks', 'user_id', ARRAY['entity', 'entity_id'], counts_version => false);
--> statement-breakpoint
SELECT app.sync_table('changes', 'scope_id');
--> statement-breakpoint
SELECT app.sync_table('conflicts', 'scope_id', ARRAY['entity', 'entity_id', 'field', 'offered_by']);
--> statement-breakpoint
SELECT app.sync_table('presence', 'band_id', ARRAY['client_id', 'user_id']);
