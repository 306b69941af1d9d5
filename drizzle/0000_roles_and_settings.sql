-- Roles, and how a transaction says for whom it acts. Runs as the owner of the database, who is no superuser.
--
-- backline_app       serves the doors: owns nothing, under row-level security.
-- backline_electric  replicates: reads the synced tables, writes nothing.
--
-- Roles belong to the whole cluster: another database may have made them, or may be making them right now. Passwords are not set
-- here but by db/migrate.ts.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backline_app') THEN
    CREATE ROLE backline_app LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
--> statement-breakpoint
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backline_electric') THEN
    -- Only a role that has REPLICATION itself may give it (PostgreSQL 16+).
    CREATE ROLE backline_electric LOGIN REPLICATION;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'The role % may not create backline_electric, which replicates.', current_user
      USING HINT = 'Make a login role backline_electric with REPLICATION where you manage the database (on Neon: the console), then migrate again.';
END
$$;
--> statement-breakpoint
CREATE SCHEMA app;
--> statement-breakpoint
-- Functions are everybody's unless taken away; those of this database's owner are nobody's until granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO backline_app;
--> statement-breakpoint
-- Everybody may use the schema public that comes with a database, but not one that was made anew.
GRANT USAGE ON SCHEMA public TO backline_app, backline_electric;
--> statement-breakpoint
-- Settings live for one transaction, set_config('app.user_id', …, true), so that pooled connections never mix people up. After
-- such a transaction the setting is '' and not null.
CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.user_id', true), '')::uuid;
--> statement-breakpoint
CREATE FUNCTION app.client_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.client_id', true), '')::uuid;
--> statement-breakpoint
-- Sign-in, sign-up and password resets happen before there is a user: docs/decisions/0010-account-tables.md.
CREATE FUNCTION app.is_account_work() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('app.purpose', true), '') = 'accounts';
--> statement-breakpoint
CREATE FUNCTION app.iso(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
