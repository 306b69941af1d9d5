-- What crosses the borders of row-level security, each behind one function that checks for itself: joining a band, deleting and
-- restoring a whole band or project, locking memberships, and reading who is who.

-- Who these people are and where they belong: one query for a request, or for all readers who wait for the same answer.
-- bands and projects are objects { id: role }.
CREATE FUNCTION app.viewers(people uuid[])
RETURNS TABLE (user_id uuid, session_version int, bands jsonb, projects jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT u.id, u.session_version,
    (SELECT coalesce(jsonb_object_agg(m.band_id, m.role), '{}') FROM public.band_members m
     WHERE m.user_id = u.id AND m.deleted_at IS NULL),
    (SELECT coalesce(jsonb_object_agg(m.project_id, m.role), '{}') FROM public.project_users m
     WHERE m.user_id = u.id AND m.deleted_at IS NULL)
  FROM public.users u WHERE u.id = ANY (people) AND u.deleted_at IS NULL
$$;
--> statement-breakpoint
-- The same inside a transaction that acts on the answer: until it ends nobody changes these memberships, so a removal and a write have one
-- order. The query that answers begins after the locks are held and sees what they waited for.
CREATE FUNCTION app.viewers_for_share(people uuid[])
RETURNS TABLE (user_id uuid, session_version int, bands jsonb, projects jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM FROM public.band_members m WHERE m.user_id = ANY (people) AND m.deleted_at IS NULL ORDER BY m.id FOR SHARE;
  PERFORM FROM public.project_users m WHERE m.user_id = ANY (people) AND m.deleted_at IS NULL ORDER BY m.id FOR SHARE;
  PERFORM FROM public.users u WHERE u.id = ANY (people) AND u.deleted_at IS NULL ORDER BY u.id FOR SHARE;
  RETURN QUERY SELECT * FROM app.viewers(people);
END
$$;
--> statement-breakpoint
-- Locks these memberships, then their containers, each in the order of their ids: the first statement of a transaction that will change
-- any of them. Locks nothing of other people's containers.
--
-- Memberships before containers is the order of everybody here, because writers hold their memberships (app.viewers_for_share) and then
-- write, perhaps the band's own row. NO KEY for the containers: a full lock would also wait for every insert into them (foreign keys).
CREATE FUNCTION app.lock_memberships(entity text, ids uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  mine uuid[] := CASE entity WHEN 'band_members' THEN app.my_bands() WHEN 'project_users' THEN app.my_projects() END;
BEGIN
  CASE entity
    WHEN 'band_members' THEN
      PERFORM FROM public.band_members m WHERE m.id = ANY (ids) AND m.band_id = ANY (mine) ORDER BY m.id FOR UPDATE;
      PERFORM FROM public.bands b WHERE b.id = ANY (mine) AND b.id IN (
        SELECT band_id FROM public.band_members WHERE id = ANY (ids)
      ) ORDER BY b.id FOR NO KEY UPDATE;
    WHEN 'project_users' THEN
      PERFORM FROM public.project_users m WHERE m.id = ANY (ids) AND m.project_id = ANY (mine) ORDER BY m.id FOR UPDATE;
      PERFORM FROM public.projects p WHERE p.id = ANY (mine) AND p.id IN (
        SELECT project_id FROM public.project_users WHERE id = ANY (ids)
      ) ORDER BY p.id FOR NO KEY UPDATE;
  END CASE;
END
$$;
--> statement-breakpoint
-- Makes the signed-in person a member of the band that this code invites to, and returns the band's id. Null for every other code,
-- whether wrong, used, expired, revoked or meant for another e-mail address. Members keep the role they have and use nothing up.
CREATE FUNCTION app.accept_invite(invite_code text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  me public.users;
  invite public.invites;
  member public.band_members;
BEGIN
  SELECT * INTO me FROM public.users WHERE id = app.user_id() AND deleted_at IS NULL;
  IF NOT FOUND THEN PERFORM app.refuse('Nobody is signed in'); END IF;

  -- Of two people with one code the second waits here and then finds it used. Deleting a band deletes its invites before its
  -- memberships, so this waits for that as well, or that for this and then takes the new membership along.
  SELECT * INTO invite FROM public.invites i
  WHERE i.code = invite_code AND i.deleted_at IS NULL
    AND EXISTS (SELECT FROM public.bands b WHERE b.id = i.band_id AND b.deleted_at IS NULL)
  FOR UPDATE;
  IF NOT FOUND OR lower(invite.email) <> lower(me.email) THEN RETURN NULL; END IF;
  PERFORM FROM public.band_members WHERE band_id = invite.band_id AND user_id = me.id AND deleted_at IS NULL;
  IF FOUND THEN RETURN invite.band_id; END IF;
  IF invite.used_by IS NOT NULL OR invite.expires_at <= clock_timestamp() THEN RETURN NULL; END IF;

  UPDATE public.invites SET used_by = me.id WHERE id = invite.id;
  INSERT INTO public.band_members (id, band_id, user_id, role)
  VALUES (gen_random_uuid(), invite.band_id, me.id, invite.role)
  RETURNING * INTO member;
  INSERT INTO public.changes (id, scope_id, entity, entity_id, op, fields, summary, after)
  VALUES (
    gen_random_uuid(), member.band_id, 'band_members', member.id, 'insert',
    ARRAY['band_id', 'user_id', 'role', 'joined_at', 'display_name', 'avatar_url'],
    coalesce(member.display_name, ''),
    to_jsonb(member) || jsonb_build_object(
      'joined_at', app.iso(member.joined_at), 'created_at', app.iso(member.created_at), 'updated_at', app.iso(member.updated_at)
    )
  );
  RETURN member.band_id;
EXCEPTION
  -- Two codes of one band, used by one person at the same moment: the other one made the membership.
  WHEN unique_violation THEN RETURN invite.band_id;
END
$$;
--> statement-breakpoint
-- The tables whose rows go with a band or project, memberships last.
CREATE FUNCTION app.content_tables(entity text) RETURNS TABLE (name text, scope_column text)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT t.name, t.scope_column FROM app.synced_table t
  WHERE t.scope_column IN ('scope_id', CASE entity WHEN 'bands' THEN 'band_id' WHEN 'projects' THEN 'project_id' END)
    AND t.name <> 'presence'
  ORDER BY t.name IN ('band_members', 'project_users'), t.name = 'changes', t.name
$$;
--> statement-breakpoint
-- Refuses unless the signed-in person owns the live band or project; one that is deleted, or was never there, passes.
CREATE FUNCTION app.demand_owner(entity text, key uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  passes boolean := CASE entity
    WHEN 'bands' THEN
      key = ANY (app.my_bands('owner')) OR NOT EXISTS (SELECT FROM public.bands WHERE id = key AND deleted_at IS NULL)
    WHEN 'projects' THEN
      key = ANY (app.my_projects('owner')) OR NOT EXISTS (SELECT FROM public.projects WHERE id = key AND deleted_at IS NULL)
  END;
BEGIN
  -- Null for a table that contains nothing.
  IF passes IS NOT TRUE THEN PERFORM app.refuse('Only an owner deletes it'); END IF;
END
$$;
--> statement-breakpoint
-- Deletes a band or project with everything in it: contents, then changes, then memberships, all with the one deleted_at that it
-- returns. Null when there is no such container or it is deleted already; refused unless the signed-in person owns it.
CREATE FUNCTION app.delete_container(entity text, key uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  at timestamptz(3);
  content record;
BEGIN
  PERFORM app.demand_owner(entity, key);
  -- In the order of app.lock_memberships. Writers hold their memberships FOR SHARE, so after this nobody writes here.
  IF entity = 'bands' THEN
    PERFORM FROM public.band_members WHERE band_id = key AND deleted_at IS NULL ORDER BY id FOR UPDATE;
    PERFORM FROM public.bands WHERE id = key AND deleted_at IS NULL FOR NO KEY UPDATE;
  ELSE
    PERFORM FROM public.project_users WHERE project_id = key AND deleted_at IS NULL ORDER BY id FOR UPDATE;
    PERFORM FROM public.projects WHERE id = key AND deleted_at IS NULL FOR NO KEY UPDATE;
  END IF;
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- Waiting for the locks, they may have stepped down.
  PERFORM app.demand_owner(entity, key);

  -- A time that no row deleted before can have (times are rounded to milliseconds), so that restoring revives these rows only.
  at := date_trunc('milliseconds', clock_timestamp()) + interval '2 milliseconds';
  PERFORM set_config('app.deleted_at', at::text, true);
  EXECUTE format('UPDATE public.%I SET deleted_at = $1 WHERE id = $2', entity) USING at, key;
  FOR content IN SELECT * FROM app.content_tables(entity) LOOP
    EXECUTE format('UPDATE public.%I SET deleted_at = $1 WHERE %I = $2 AND deleted_at IS NULL', content.name, content.scope_column)
    USING at, key;
  END LOOP;
  DELETE FROM public.presence WHERE band_id = key;
  PERFORM set_config('app.deleted_at', '', true);
  RETURN at;
END
$$;
--> statement-breakpoint
-- Brings a band or project back with exactly the rows that went with it, and returns whether it did. Refused unless the signed-in
-- person owned it and it was deleted within 30 days. Memberships of accounts closed since stay deleted.
CREATE FUNCTION app.restore_container(entity text, key uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  at timestamptz(3);
  content record;
BEGIN
  IF entity = 'bands' THEN
    SELECT deleted_at INTO at FROM public.bands WHERE id = key FOR NO KEY UPDATE;
  ELSIF entity = 'projects' THEN
    SELECT deleted_at INTO at FROM public.projects WHERE id = key FOR NO KEY UPDATE;
  ELSE
    RAISE EXCEPTION 'A % row contains nothing', entity;
  END IF;
  IF at IS NULL THEN RETURN false; END IF;
  IF NOT key = ANY (CASE entity WHEN 'bands' THEN app.my_deleted_bands() ELSE app.my_deleted_projects() END) THEN
    PERFORM app.refuse('Only who owned it restores it, within 30 days');
  END IF;

  EXECUTE format('UPDATE public.%I SET deleted_at = NULL WHERE id = $1', entity) USING key;
  FOR content IN SELECT * FROM app.content_tables(entity) LOOP
    EXECUTE format(
      'UPDATE public.%1$I t SET deleted_at = NULL WHERE %2$I = $1 AND deleted_at = $2 %3$s',
      content.name, content.scope_column,
      CASE WHEN content.name IN ('band_members', 'project_users')
        THEN 'AND EXISTS (SELECT FROM public.users u WHERE u.id = t.user_id AND u.deleted_at IS NULL)' ELSE '' END
    ) USING key, at;
  END LOOP;
  RETURN true;
END
$$;
--> statement-breakpoint
-- Policies, defaults, triggers' code and doors call these as backline_app; being fired by a trigger needs no permission.
GRANT EXECUTE ON FUNCTION
  app.user_id, app.client_id, app.is_account_work, app.iso, app.refuse, app.is_deletion,
  app.my_bands, app.my_projects, app.my_scopes, app.my_deleted_bands, app.my_deleted_projects,
  app.is_unclaimed_band, app.is_unclaimed_project, app.may_claim_band, app.may_claim_project,
  app.left_just_now, app.may_change, app.is_song_of_mine, app.is_in_band,
  app.viewers, app.viewers_for_share, app.lock_memberships, app.accept_invite,
  app.delete_container, app.restore_container
TO backline_app;
