-- Who may do what with which rows, by row-level security: the permission matrix of docs/product, a second time, so that a mistake in a
-- door still cannot cross bands. Rules about single columns are in 0004_rules.sql.
--
-- The functions are SECURITY DEFINER because policies of membership tables would recurse. Policies call them in a scalar subquery,
-- which Postgres evaluates once per statement and not once per row.

-- The bands in which the signed-in person has one of these roles; all their bands without any.
CREATE FUNCTION app.my_bands(VARIADIC roles text[] DEFAULT '{}') RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce(array_agg(band_id), '{}') FROM public.band_members
  WHERE user_id = app.user_id() AND deleted_at IS NULL AND (roles = '{}' OR role = ANY (roles))
$$;
--> statement-breakpoint
CREATE FUNCTION app.my_projects(VARIADIC roles text[] DEFAULT '{}') RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce(array_agg(project_id), '{}') FROM public.project_users
  WHERE user_id = app.user_id() AND deleted_at IS NULL AND (roles = '{}' OR role = ANY (roles))
$$;
--> statement-breakpoint
-- Everything whose history and questions concern me: my bands, my projects and myself.
CREATE FUNCTION app.my_scopes() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT app.my_bands() || app.my_projects() || app.user_id()
$$;
--> statement-breakpoint
-- Deleted bands that I owned and that went together with my membership: mine to list and restore for 30 days.
CREATE FUNCTION app.my_deleted_bands() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce(array_agg(b.id), '{}')
  FROM public.band_members m JOIN public.bands b ON b.id = m.band_id AND b.deleted_at = m.deleted_at
  WHERE m.user_id = app.user_id() AND m.role = 'owner' AND b.deleted_at > now() - interval '30 days'
$$;
--> statement-breakpoint
CREATE FUNCTION app.my_deleted_projects() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT coalesce(array_agg(p.id), '{}')
  FROM public.project_users m JOIN public.projects p ON p.id = m.project_id AND p.deleted_at = m.deleted_at
  WHERE m.user_id = app.user_id() AND m.role = 'owner' AND p.deleted_at > now() - interval '30 days'
$$;
--> statement-breakpoint
-- Between the insert of a band and of its first membership nobody belongs to it, yet its creator must see it and become its owner.
CREATE FUNCTION app.is_unclaimed_band(band uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT NOT EXISTS (SELECT FROM public.band_members WHERE band_id = band)
$$;
--> statement-breakpoint
CREATE FUNCTION app.is_unclaimed_project(project uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT NOT EXISTS (SELECT FROM public.project_users WHERE project_id = project)
$$;
--> statement-breakpoint
CREATE FUNCTION app.may_claim_band(band uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT app.is_unclaimed_band(band)
    AND EXISTS (SELECT FROM public.bands WHERE id = band AND created_by = app.user_id() AND deleted_at IS NULL)
$$;
--> statement-breakpoint
CREATE FUNCTION app.may_claim_project(project uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT app.is_unclaimed_project(project)
    AND EXISTS (SELECT FROM public.projects WHERE id = project AND created_by = app.user_id() AND deleted_at IS NULL)
$$;
--> statement-breakpoint
-- Whether I was in this scope when the transaction began and left it in this very transaction: that, too, is written to its history.
CREATE FUNCTION app.left_just_now(scope uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT EXISTS (
    SELECT FROM public.band_members
    WHERE band_id = scope AND user_id = app.user_id() AND updated_by = app.user_id()
      AND deleted_at >= date_trunc('milliseconds', now())
    UNION ALL
    SELECT FROM public.project_users
    WHERE project_id = scope AND user_id = app.user_id() AND updated_by = app.user_id()
      AND deleted_at >= date_trunc('milliseconds', now())
  )
$$;
--> statement-breakpoint
-- Whether I may change a row that a question (table conflicts) is about. Deleted rows count: an edit may meet a delete.
CREATE FUNCTION app.may_change(entity text, row_id uuid, scope uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  me uuid := app.user_id();
  column_name text := (SELECT scope_column FROM app.synced_table WHERE name = entity);
  target jsonb;
BEGIN
  IF column_name IS NULL OR me IS NULL THEN RETURN false; END IF;
  EXECUTE format('SELECT to_jsonb(t) FROM public.%I t WHERE id = $1 AND %I = $2', entity, column_name) INTO target USING row_id, scope;
  IF target IS NULL THEN RETURN false; END IF;
  RETURN CASE
    WHEN entity IN ('bands', 'songs', 'setlists', 'shows', 'practices') THEN scope = ANY (app.my_bands('owner', 'collaborator'))
    WHEN entity = 'invites' THEN scope = ANY (app.my_bands('owner'))
    WHEN entity = 'projects' THEN scope = ANY (app.my_projects('owner', 'collaborator'))
    WHEN entity IN ('band_members', 'attendance') THEN
      scope = ANY (app.my_bands('owner')) OR (target ->> 'user_id')::uuid = me AND scope = ANY (app.my_bands())
    WHEN entity = 'project_users' THEN
      scope = ANY (app.my_projects('owner')) OR (target ->> 'user_id')::uuid = me AND scope = ANY (app.my_projects())
    WHEN entity = 'conversations' THEN
      scope = ANY (app.my_bands('owner')) OR (target ->> 'created_by')::uuid = me AND scope = ANY (app.my_bands())
    WHEN entity = 'messages' THEN (target ->> 'created_by')::uuid = me AND scope = ANY (app.my_bands())
    WHEN entity IN ('song_notes', 'writing_sessions', 'read_marks') THEN scope = me
    ELSE false
  END;
END
$$;
--> statement-breakpoint
-- bands: members read; anyone signed in inserts; owner and collaborator change (deleting is the owner's: 0004_rules.sql)
CREATE POLICY reads ON bands FOR SELECT TO backline_app USING (
  id = ANY ((SELECT app.my_bands())::uuid[])
  OR id = ANY ((SELECT app.my_deleted_bands())::uuid[])
  OR created_by = (SELECT app.user_id()) AND app.is_unclaimed_band(id)
);
--> statement-breakpoint
CREATE POLICY inserts ON bands FOR INSERT TO backline_app WITH CHECK (app.user_id() IS NOT NULL);
--> statement-breakpoint
CREATE POLICY updates ON bands FOR UPDATE TO backline_app USING (id = ANY ((SELECT app.my_bands('owner', 'collaborator'))::uuid[]));
--> statement-breakpoint
-- band_members: members read, everyone reads their own; the creator of a band becomes its owner, all others come by app.accept_invite
CREATE POLICY reads ON band_members FOR SELECT TO backline_app USING (
  band_id = ANY ((SELECT app.my_bands())::uuid[]) OR user_id = (SELECT app.user_id())
);
--> statement-breakpoint
CREATE POLICY inserts ON band_members FOR INSERT TO backline_app WITH CHECK (
  user_id = (SELECT app.user_id()) AND role = 'owner' AND app.may_claim_band(band_id)
);
--> statement-breakpoint
CREATE POLICY updates ON band_members FOR UPDATE TO backline_app USING (
  band_id = ANY ((SELECT app.my_bands('owner'))::uuid[]) OR user_id = (SELECT app.user_id())
);
--> statement-breakpoint
-- invites: the owner's alone
CREATE POLICY reads ON invites FOR SELECT TO backline_app USING (band_id = ANY ((SELECT app.my_bands('owner'))::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON invites FOR INSERT TO backline_app WITH CHECK (band_id = ANY ((SELECT app.my_bands('owner'))::uuid[]));
--> statement-breakpoint
CREATE POLICY updates ON invites FOR UPDATE TO backline_app USING (band_id = ANY ((SELECT app.my_bands('owner'))::uuid[]));
--> statement-breakpoint
-- songs, setlists, shows, practices: members read, owner and collaborator do the rest
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['songs', 'setlists', 'shows', 'practices'] LOOP
    EXECUTE format($policy$
      CREATE POLICY reads ON %1$I FOR SELECT TO backline_app USING (band_id = ANY ((SELECT app.my_bands())::uuid[]));
      CREATE POLICY inserts ON %1$I FOR INSERT TO backline_app
        WITH CHECK (band_id = ANY ((SELECT app.my_bands('owner', 'collaborator'))::uuid[]));
      CREATE POLICY updates ON %1$I FOR UPDATE TO backline_app
        USING (band_id = ANY ((SELECT app.my_bands('owner', 'collaborator'))::uuid[]));
    $policy$, name);
  END LOOP;
END
$$;
--> statement-breakpoint
-- attendance: members read, everyone answers for themselves, the owner may correct
CREATE POLICY reads ON attendance FOR SELECT TO backline_app USING (band_id = ANY ((SELECT app.my_bands())::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON attendance FOR INSERT TO backline_app WITH CHECK (
  user_id = (SELECT app.user_id()) AND band_id = ANY ((SELECT app.my_bands())::uuid[])
);
--> statement-breakpoint
CREATE POLICY updates ON attendance FOR UPDATE TO backline_app USING (
  band_id = ANY ((SELECT app.my_bands('owner'))::uuid[])
  OR user_id = (SELECT app.user_id()) AND band_id = ANY ((SELECT app.my_bands())::uuid[])
);
--> statement-breakpoint
-- song_notes, writing_sessions, read_marks: one's own
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['song_notes', 'writing_sessions', 'read_marks'] LOOP
    EXECUTE format($policy$
      CREATE POLICY reads ON %1$I FOR SELECT TO backline_app USING (user_id = (SELECT app.user_id()));
      CREATE POLICY inserts ON %1$I FOR INSERT TO backline_app WITH CHECK (user_id = (SELECT app.user_id()));
      CREATE POLICY updates ON %1$I FOR UPDATE TO backline_app USING (user_id = (SELECT app.user_id()));
    $policy$, name);
  END LOOP;
END
$$;
--> statement-breakpoint
-- projects: as bands
CREATE POLICY reads ON projects FOR SELECT TO backline_app USING (
  id = ANY ((SELECT app.my_projects())::uuid[])
  OR id = ANY ((SELECT app.my_deleted_projects())::uuid[])
  OR created_by = (SELECT app.user_id()) AND app.is_unclaimed_project(id)
);
--> statement-breakpoint
CREATE POLICY inserts ON projects FOR INSERT TO backline_app WITH CHECK (app.user_id() IS NOT NULL);
--> statement-breakpoint
CREATE POLICY updates ON projects FOR UPDATE TO backline_app USING (
  id = ANY ((SELECT app.my_projects('owner', 'collaborator'))::uuid[])
);
--> statement-breakpoint
-- project_users: as band_members, but the owner adds people without an invite
CREATE POLICY reads ON project_users FOR SELECT TO backline_app USING (
  project_id = ANY ((SELECT app.my_projects())::uuid[]) OR user_id = (SELECT app.user_id())
);
--> statement-breakpoint
CREATE POLICY inserts ON project_users FOR INSERT TO backline_app WITH CHECK (
  project_id = ANY ((SELECT app.my_projects('owner'))::uuid[])
  OR user_id = (SELECT app.user_id()) AND role = 'owner' AND app.may_claim_project(project_id)
);
--> statement-breakpoint
CREATE POLICY updates ON project_users FOR UPDATE TO backline_app USING (
  project_id = ANY ((SELECT app.my_projects('owner'))::uuid[]) OR user_id = (SELECT app.user_id())
);
--> statement-breakpoint
-- conversations: every member opens and reads them; their author and the owner change and delete them
CREATE POLICY reads ON conversations FOR SELECT TO backline_app USING (band_id = ANY ((SELECT app.my_bands())::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON conversations FOR INSERT TO backline_app WITH CHECK (band_id = ANY ((SELECT app.my_bands())::uuid[]));
--> statement-breakpoint
CREATE POLICY updates ON conversations FOR UPDATE TO backline_app USING (
  band_id = ANY ((SELECT app.my_bands('owner'))::uuid[])
  OR created_by = (SELECT app.user_id()) AND band_id = ANY ((SELECT app.my_bands())::uuid[])
);
--> statement-breakpoint
-- messages: as conversations (an owner deletes others' messages but does not change them: 0004_rules.sql)
CREATE POLICY reads ON messages FOR SELECT TO backline_app USING (band_id = ANY ((SELECT app.my_bands())::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON messages FOR INSERT TO backline_app WITH CHECK (band_id = ANY ((SELECT app.my_bands())::uuid[]));
--> statement-breakpoint
CREATE POLICY updates ON messages FOR UPDATE TO backline_app USING (
  band_id = ANY ((SELECT app.my_bands('owner'))::uuid[])
  OR created_by = (SELECT app.user_id()) AND band_id = ANY ((SELECT app.my_bands())::uuid[])
);
--> statement-breakpoint
-- changes: read by whom they concern; the write door appends in the name of the signed-in person; nobody changes them
CREATE POLICY reads ON changes FOR SELECT TO backline_app USING (scope_id = ANY ((SELECT app.my_scopes())::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON changes FOR INSERT TO backline_app WITH CHECK (
  scope_id = ANY ((SELECT app.my_scopes())::uuid[]) OR app.left_just_now(scope_id)
);
--> statement-breakpoint
REVOKE UPDATE ON changes FROM backline_app;
--> statement-breakpoint
-- conflicts: read by whom they concern; the write door asks, who may change the row decides
CREATE POLICY reads ON conflicts FOR SELECT TO backline_app USING (scope_id = ANY ((SELECT app.my_scopes())::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON conflicts FOR INSERT TO backline_app WITH CHECK (app.may_change(entity, entity_id, scope_id));
--> statement-breakpoint
CREATE POLICY updates ON conflicts FOR UPDATE TO backline_app USING (app.may_change(entity, entity_id, scope_id));
--> statement-breakpoint
-- presence: members read, everyone tells of themselves; any member removes those who fell silent
GRANT DELETE ON presence TO backline_app;
--> statement-breakpoint
CREATE POLICY reads ON presence FOR SELECT TO backline_app USING (band_id = ANY ((SELECT app.my_bands())::uuid[]));
--> statement-breakpoint
CREATE POLICY inserts ON presence FOR INSERT TO backline_app WITH CHECK (
  user_id = (SELECT app.user_id()) AND band_id = ANY ((SELECT app.my_bands())::uuid[])
);
--> statement-breakpoint
CREATE POLICY updates ON presence FOR UPDATE TO backline_app USING (
  user_id = (SELECT app.user_id()) AND band_id = ANY ((SELECT app.my_bands())::uuid[])
);
--> statement-breakpoint
CREATE POLICY deletes ON presence FOR DELETE TO backline_app USING (
  band_id = ANY ((SELECT app.my_bands())::uuid[])
  AND (user_id = (SELECT app.user_id()) OR last_seen_at < clock_timestamp() - interval '45 seconds')
);
--> statement-breakpoint
-- Accounts: everyone sees and changes their own; account work (sign-in, sign-up, resets) sees all.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE verification_tokens ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE applied_writes ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON users TO backline_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, verification_tokens, password_resets, rate_limits TO backline_app;
--> statement-breakpoint
GRANT SELECT, INSERT ON applied_writes TO backline_app;
--> statement-breakpoint
CREATE POLICY reads ON users FOR SELECT TO backline_app USING (id = (SELECT app.user_id()) OR (SELECT app.is_account_work()));
--> statement-breakpoint
CREATE POLICY inserts ON users FOR INSERT TO backline_app WITH CHECK (app.is_account_work());
--> statement-breakpoint
CREATE POLICY updates ON users FOR UPDATE TO backline_app USING (id = (SELECT app.user_id()) OR (SELECT app.is_account_work()));
--> statement-breakpoint
CREATE POLICY reads ON accounts FOR SELECT TO backline_app USING (user_id = (SELECT app.user_id()) OR (SELECT app.is_account_work()));
--> statement-breakpoint
CREATE POLICY account_work ON accounts TO backline_app USING ((SELECT app.is_account_work()));
--> statement-breakpoint
CREATE POLICY account_work ON verification_tokens TO backline_app USING ((SELECT app.is_account_work()));
--> statement-breakpoint
CREATE POLICY account_work ON password_resets TO backline_app USING ((SELECT app.is_account_work()));
--> statement-breakpoint
CREATE POLICY reads ON applied_writes FOR SELECT TO backline_app USING (user_id = (SELECT app.user_id()));
--> statement-breakpoint
CREATE POLICY inserts ON applied_writes FOR INSERT TO backline_app WITH CHECK (user_id = (SELECT app.user_id()));
--> statement-breakpoint
ALTER TABLE rate_limits SET UNLOGGED;
