-- An insert under the id of somebody else's band is told that the id is taken, like any other insert under a taken id; before, the band's
-- policies refused it first, with another answer.
CREATE OR REPLACE FUNCTION app.refuse_taken_scope() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  -- Of two inserts of one id at the same moment the second waits and then sees the first.
  PERFORM pg_advisory_xact_lock(hashtextextended(new.id::text, 1));
  -- For people its own table too: where a band is somebody else's, its policies would answer before its key does.
  IF (TG_TABLE_NAME <> 'bands' OR app.user_id() IS NOT NULL) AND EXISTS (SELECT FROM public.bands WHERE id = new.id)
    OR (TG_TABLE_NAME <> 'projects' OR app.user_id() IS NOT NULL) AND EXISTS (SELECT FROM public.projects WHERE id = new.id)
    OR EXISTS (SELECT FROM public.users WHERE id = new.id) THEN
    RAISE EXCEPTION 'This id is taken' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN new;
END
$$;
