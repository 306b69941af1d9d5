-- The scope of a history row or a question may be a band, a project or a person: one id must never mean two of them. Without this,
-- inserting a project under the id of somebody else's band would open that band's history.
CREATE FUNCTION app.refuse_taken_scope() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  -- Of two inserts of one id at the same moment the second waits and then sees the first.
  PERFORM pg_advisory_xact_lock(hashtextextended(new.id::text, 1));
  IF TG_TABLE_NAME <> 'bands' AND EXISTS (SELECT FROM public.bands WHERE id = new.id)
    OR TG_TABLE_NAME <> 'projects' AND EXISTS (SELECT FROM public.projects WHERE id = new.id)
    OR EXISTS (SELECT FROM public.users WHERE id = new.id) THEN
    RAISE EXCEPTION 'This id is taken' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER scope_id BEFORE INSERT ON bands FOR EACH ROW EXECUTE FUNCTION app.refuse_taken_scope();
--> statement-breakpoint
CREATE TRIGGER scope_id BEFORE INSERT ON projects FOR EACH ROW EXECUTE FUNCTION app.refuse_taken_scope();
--> statement-breakpoint
-- Which of these rows are in a scope of mine, even where my role may not read them (invites): the write door then answers "forbidden"
-- as for any other role that is too low. Tells nothing but that.
CREATE FUNCTION app.in_my_scopes(entity text, ids uuid[]) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  column_name text := (SELECT scope_column FROM app.synced_table WHERE name = entity);
BEGIN
  IF column_name IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE format('SELECT id FROM public.%I WHERE id = ANY ($1) AND %I = ANY (app.my_scopes())', entity, column_name) USING ids;
END
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.in_my_scopes TO backline_app;
--> statement-breakpoint
-- Begins a transaction of the write door: says for whom it acts, lets the batches of one person follow each other (so that of two which
-- carry the same write the second finds the first's answer), and reads what both need. One round trip, but each step sees what was
-- committed before it began. Without `reads_viewer` the memberships are left for after app.lock_memberships.
CREATE FUNCTION app.begin_writes(person uuid, client uuid, write_ids uuid[], reads_viewer boolean)
RETURNS TABLE (txid text, viewer jsonb, replays jsonb)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM set_config('app.user_id', person::text, true), set_config('app.client_id', coalesce(client::text, ''), true);
  PERFORM pg_advisory_xact_lock(hashtextextended('writes:' || person, 0));
  txid := pg_current_xact_id()::text;
  IF reads_viewer THEN
    SELECT to_jsonb(v) INTO viewer FROM app.viewers_for_share(ARRAY[person]) v;
  END IF;
  SELECT coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'hash', w.content_hash, 'result', w.outcome)), '[]') INTO replays
  FROM public.applied_writes w WHERE w.user_id = person AND w.id = ANY (write_ids);
  RETURN NEXT;
END
$$;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.begin_writes TO backline_app;
