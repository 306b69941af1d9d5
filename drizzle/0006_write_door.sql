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
