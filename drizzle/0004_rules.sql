-- What policies cannot say, because they cannot compare old and new columns. The functions named rules_… run as whoever writes and bind
-- only those whom row-level security binds: the owner's own work (seeds, imports, the functions of 0005_containers.sql) passes.

CREATE FUNCTION app.refuse(reason text) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION '%', reason USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
-- Whether a row goes to the trash or comes back.
CREATE FUNCTION app.is_deletion(was timestamptz, is_now timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN (was IS NULL) <> (is_now IS NULL);
--> statement-breakpoint
CREATE FUNCTION app.rules_bands() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF row_security_active(TG_RELID) AND app.is_deletion(old.deleted_at, new.deleted_at) AND NOT old.id = ANY (app.my_bands('owner')) THEN
    PERFORM app.refuse('Only an owner deletes a band');
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE UPDATE ON bands FOR EACH ROW EXECUTE FUNCTION app.rules_bands();
--> statement-breakpoint
CREATE FUNCTION app.rules_projects() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF NOT row_security_active(TG_RELID) THEN RETURN new; END IF;
  IF TG_OP = 'UPDATE' AND app.is_deletion(old.deleted_at, new.deleted_at) AND NOT old.id = ANY (app.my_projects('owner')) THEN
    PERFORM app.refuse('Only an owner deletes a project');
  END IF;
  IF new.band_id IS NOT NULL AND (TG_OP = 'INSERT' OR new.band_id IS DISTINCT FROM old.band_id)
    AND NOT new.band_id = ANY (app.my_bands()) THEN
    PERFORM app.refuse('A project belongs to a band of one''s own');
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON projects FOR EACH ROW EXECUTE FUNCTION app.rules_projects();
--> statement-breakpoint
-- Memberships of bands and projects: the owner changes roles, everyone their own name and picture; leaving is one's own, coming back not.
CREATE FUNCTION app.rules_members() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  is_self boolean := new.user_id = app.user_id();
  is_owner boolean;
BEGIN
  IF NOT row_security_active(TG_RELID) THEN RETURN new; END IF;
  IF TG_OP = 'INSERT' THEN
    IF TG_TABLE_NAME = 'band_members' THEN new.joined_at := clock_timestamp(); END IF;
    RETURN new;
  END IF;
  is_owner := CASE TG_TABLE_NAME
    WHEN 'band_members' THEN (to_jsonb(old) ->> 'band_id')::uuid = ANY (app.my_bands('owner'))
    ELSE (to_jsonb(old) ->> 'project_id')::uuid = ANY (app.my_projects('owner'))
  END;
  IF NOT is_owner AND (new.role <> old.role OR old.deleted_at IS NOT NULL) THEN
    PERFORM app.refuse('Only an owner changes roles and brings members back');
  END IF;
  IF NOT is_self AND (new.display_name, new.avatar_url) IS DISTINCT FROM (old.display_name, old.avatar_url) THEN
    PERFORM app.refuse('Everyone chooses their own name and picture');
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON band_members FOR EACH ROW EXECUTE FUNCTION app.rules_members();
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON project_users FOR EACH ROW EXECUTE FUNCTION app.rules_members();
--> statement-breakpoint
-- A new member is shown under the account's name and picture until they choose others.
CREATE FUNCTION app.name_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  -- Nobody names others, not even when adding them.
  IF new.user_id <> app.user_id() THEN
    new.display_name := NULL;
    new.avatar_url := NULL;
  END IF;
  IF new.display_name IS NULL OR new.avatar_url IS NULL THEN
    SELECT coalesce(new.display_name, u.name), coalesce(new.avatar_url, u.image) INTO new.display_name, new.avatar_url
    FROM public.users u WHERE u.id = new.user_id;
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER names BEFORE INSERT ON band_members FOR EACH ROW EXECUTE FUNCTION app.name_member();
--> statement-breakpoint
CREATE TRIGGER names BEFORE INSERT ON project_users FOR EACH ROW EXECUTE FUNCTION app.name_member();
--> statement-breakpoint
-- The last owner neither leaves nor steps down, whoever asks, unless the whole band goes. The lock on the band's row puts two owners
-- who leave at the same moment one after the other; each query here sees what was committed before it began.
CREATE FUNCTION app.keep_band_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM FROM public.bands WHERE id = old.band_id AND deleted_at IS NULL FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (
    SELECT FROM public.band_members
    WHERE band_id = old.band_id AND id <> old.id AND role = 'owner' AND deleted_at IS NULL
  ) THEN
    PERFORM app.refuse('The last owner of a band can neither leave nor step down');
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER last_owner BEFORE UPDATE ON band_members FOR EACH ROW
WHEN (old.role = 'owner' AND old.deleted_at IS NULL AND (new.role <> 'owner' OR new.deleted_at IS NOT NULL))
EXECUTE FUNCTION app.keep_band_owner();
--> statement-breakpoint
CREATE FUNCTION app.keep_project_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM FROM public.projects WHERE id = old.project_id AND deleted_at IS NULL FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (
    SELECT FROM public.project_users
    WHERE project_id = old.project_id AND id <> old.id AND role = 'owner' AND deleted_at IS NULL
  ) THEN
    PERFORM app.refuse('The last owner of a project can neither leave nor step down');
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER last_owner BEFORE UPDATE ON project_users FOR EACH ROW
WHEN (old.role = 'owner' AND old.deleted_at IS NULL AND (new.role <> 'owner' OR new.deleted_at IS NOT NULL))
EXECUTE FUNCTION app.keep_project_owner();
--> statement-breakpoint
-- Only app.accept_invite uses an invite up.
CREATE FUNCTION app.rules_invites() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF row_security_active(TG_RELID) THEN
    new.used_by := CASE WHEN TG_OP = 'UPDATE' THEN old.used_by END;
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON invites FOR EACH ROW EXECUTE FUNCTION app.rules_invites();
--> statement-breakpoint
-- A setlist is locked in one's own name; while locked it is the locker's and the owner's to change.
CREATE FUNCTION app.rules_setlists() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  me uuid := app.user_id();
  was_locked_by uuid;
  was_locked_at timestamptz;
BEGIN
  IF NOT row_security_active(TG_RELID) THEN RETURN new; END IF;
  IF TG_OP = 'UPDATE' THEN
    was_locked_by := old.locked_by;
    was_locked_at := old.locked_at;
    IF old.locked_by <> me AND NOT old.band_id = ANY (app.my_bands('owner')) THEN
      PERFORM app.refuse('The setlist is locked by somebody else');
    END IF;
  END IF;
  IF new.locked_by IS DISTINCT FROM was_locked_by AND new.locked_by <> me THEN
    PERFORM app.refuse('A setlist is locked in one''s own name');
  END IF;
  new.locked_at := CASE
    WHEN new.locked_by IS NULL THEN NULL
    WHEN new.locked_by = was_locked_by THEN was_locked_at
    ELSE clock_timestamp()
  END;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON setlists FOR EACH ROW EXECUTE FUNCTION app.rules_setlists();
--> statement-breakpoint
-- People write as people; an edit says when; an owner may delete what others wrote, not put words into their mouth.
CREATE FUNCTION app.rules_messages() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF NOT row_security_active(TG_RELID) THEN RETURN new; END IF;
  IF TG_OP = 'INSERT' THEN
    new.role := 'user';
    new.edited_at := NULL;
    RETURN new;
  END IF;
  IF old.created_by IS DISTINCT FROM app.user_id() AND (new.body, new.reply_to) IS DISTINCT FROM (old.body, old.reply_to) THEN
    PERFORM app.refuse('Only its author changes a message');
  END IF;
  new.role := old.role;
  new.edited_at := CASE WHEN new.body <> old.body THEN clock_timestamp() ELSE old.edited_at END;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION app.rules_messages();
--> statement-breakpoint
-- Personal rows name songs of one's own bands when they are written; they stay readable after one has left the band.
CREATE FUNCTION app.is_song_of_mine(song uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT EXISTS (SELECT FROM public.songs WHERE id = song AND band_id = ANY (app.my_bands()))
$$;
--> statement-breakpoint
CREATE FUNCTION app.rules_personal_song() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF row_security_active(TG_RELID) AND new.song_id IS NOT NULL
    AND (TG_OP = 'INSERT' OR new.song_id IS DISTINCT FROM old.song_id) AND NOT app.is_song_of_mine(new.song_id) THEN
    PERFORM app.refuse('The song is not in a band of yours');
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON song_notes FOR EACH ROW EXECUTE FUNCTION app.rules_personal_song();
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON writing_sessions FOR EACH ROW EXECUTE FUNCTION app.rules_personal_song();
--> statement-breakpoint
-- References whose table depends on another column: the row must be of the same band (deleted rows stay referable, as with foreign keys).
CREATE FUNCTION app.is_in_band(entity text, row_id uuid, band uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  is_there boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE id = $1 AND band_id = $2)', entity) INTO is_there USING row_id, band;
  RETURN is_there;
END
$$;
--> statement-breakpoint
CREATE FUNCTION app.check_attendance_subject() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF new.subject_entity NOT IN ('practices', 'shows') OR NOT app.is_in_band(new.subject_entity, new.subject_id, new.band_id) THEN
    RAISE EXCEPTION 'The subject is not in the band' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER subject BEFORE INSERT ON attendance FOR EACH ROW EXECUTE FUNCTION app.check_attendance_subject();
--> statement-breakpoint
CREATE FUNCTION app.check_conversation_subject() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  entity text := CASE new.kind
    WHEN 'song' THEN 'songs' WHEN 'show' THEN 'shows' WHEN 'setlist' THEN 'setlists' WHEN 'practice' THEN 'practices'
  END;
BEGIN
  IF entity IS NULL OR NOT app.is_in_band(entity, new.subject_id, new.band_id) THEN
    RAISE EXCEPTION 'The subject is not in the band' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER subject BEFORE INSERT OR UPDATE OF kind, subject_id ON conversations FOR EACH ROW
WHEN (new.subject_id IS NOT NULL) EXECUTE FUNCTION app.check_conversation_subject();
--> statement-breakpoint
-- History is written in the name of whoever is signed in, now.
CREATE FUNCTION app.stamp_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF app.user_id() IS NOT NULL THEN
    new.created_at := clock_timestamp();
    new.deleted_at := NULL;
    new.actor_id := app.user_id();
    new.client_id := app.client_id();
  END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER stamp BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION app.stamp_change();
--> statement-breakpoint
-- A question is asked in the name of whoever offers a value, which only they replace; it is decided once, by a person, now.
CREATE FUNCTION app.rules_conflicts() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  me uuid := app.user_id();
BEGIN
  IF NOT row_security_active(TG_RELID) THEN RETURN new; END IF;
  IF TG_OP = 'INSERT' THEN
    new.offered_by := me;
    new.decision := NULL;
    new.decided_value := NULL;
    new.decided_by := NULL;
    new.decided_at := NULL;
    RETURN new;
  END IF;
  IF old.decision IS NOT NULL THEN
    PERFORM app.refuse('The question is already decided');
  END IF;
  IF app.is_deletion(old.deleted_at, new.deleted_at) THEN
    PERFORM app.refuse('Questions are decided, not deleted');
  END IF;
  IF old.offered_by IS DISTINCT FROM me
    AND (new.base, new.offered_value, new.write_id) IS DISTINCT FROM (old.base, old.offered_value, old.write_id) THEN
    PERFORM app.refuse('Only who offered a value replaces it');
  END IF;
  new.decided_by := CASE WHEN new.decision IS NOT NULL THEN me END;
  new.decided_at := CASE WHEN new.decision IS NOT NULL THEN clock_timestamp() END;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON conflicts FOR EACH ROW EXECUTE FUNCTION app.rules_conflicts();
--> statement-breakpoint
CREATE FUNCTION app.rules_presence() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF row_security_active(TG_RELID) THEN new.last_seen_at := clock_timestamp(); END IF;
  RETURN new;
END
$$;
--> statement-breakpoint
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON presence FOR EACH ROW EXECUTE FUNCTION app.rules_presence();
