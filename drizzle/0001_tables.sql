CREATE TABLE "attendance" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"subject_entity" text NOT NULL,
	"subject_id" uuid NOT NULL,
	"user_id" uuid DEFAULT app.user_id() NOT NULL,
	"answer" text NOT NULL,
	"note" text,
	CONSTRAINT "attendance_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "attendance_subject_entity_known" CHECK ("attendance"."subject_entity" in ('practices', 'shows')),
	CONSTRAINT "attendance_answer_known" CHECK ("attendance"."answer" in ('yes', 'no', 'maybe'))
);
--> statement-breakpoint
CREATE TABLE "band_members" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"joined_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"display_name" text,
	"avatar_url" text,
	CONSTRAINT "band_members_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "band_members_role_known" CHECK ("band_members"."role" in ('owner', 'collaborator', 'viewer'))
);
--> statement-breakpoint
CREATE TABLE "bands" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"name" text NOT NULL,
	"context_audience" text,
	"context_pitch" text,
	"context_challenges" text[] DEFAULT '{}' NOT NULL,
	"context_goals" text[] DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"scope_id" uuid NOT NULL,
	"entity" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"op" text NOT NULL,
	"fields" text[] DEFAULT '{}' NOT NULL,
	"summary" text DEFAULT '' NOT NULL,
	"actor_id" uuid,
	"client_id" uuid,
	"write_id" uuid,
	"before" jsonb,
	"after" jsonb,
	CONSTRAINT "changes_scope_key" UNIQUE("scope_id","id"),
	CONSTRAINT "changes_op_known" CHECK ("changes"."op" in ('insert', 'update', 'delete', 'restore'))
);
--> statement-breakpoint
CREATE TABLE "conflicts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"scope_id" uuid NOT NULL,
	"entity" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"field" text NOT NULL,
	"base" jsonb,
	"current_value" jsonb,
	"current_by" uuid,
	"offered_value" jsonb,
	"offered_by" uuid,
	"write_id" uuid,
	"decision" text,
	"decided_value" jsonb,
	"decided_by" uuid,
	"decided_at" timestamptz(3),
	CONSTRAINT "conflicts_scope_key" UNIQUE("scope_id","id"),
	CONSTRAINT "conflicts_decision_known" CHECK ("conflicts"."decision" in ('current', 'offered', 'edited'))
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"title" text NOT NULL,
	"kind" text DEFAULT 'general' NOT NULL,
	"subject_id" uuid,
	CONSTRAINT "conversations_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "conversations_kind_known" CHECK ("conversations"."kind" in ('general', 'song', 'show', 'setlist', 'practice'))
);
--> statement-breakpoint
CREATE TABLE "invites" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"code" text DEFAULT replace(gen_random_uuid()::text, '-', '') NOT NULL,
	"email" text,
	"role" text NOT NULL,
	"expires_at" timestamptz(3) DEFAULT now() + interval '7 days' NOT NULL,
	"used_by" uuid,
	CONSTRAINT "invites_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "invites_role_known" CHECK ("invites"."role" in ('owner', 'collaborator', 'viewer')),
	CONSTRAINT "invites_code_long" CHECK (char_length("invites"."code") >= 16)
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"body" text NOT NULL,
	"reply_to" uuid,
	"edited_at" timestamptz(3),
	"role" text DEFAULT 'user' NOT NULL,
	CONSTRAINT "messages_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "messages_role_known" CHECK ("messages"."role" in ('user', 'system'))
);
--> statement-breakpoint
CREATE TABLE "practices" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"starts_at" timestamptz(3),
	"ends_at" timestamptz(3),
	"time_zone" text,
	"place" text,
	"agenda" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"notes" text,
	CONSTRAINT "practices_scope_key" UNIQUE("band_id","id")
);
--> statement-breakpoint
CREATE TABLE "presence" (
	"id" uuid PRIMARY KEY NOT NULL,
	"band_id" uuid NOT NULL,
	"client_id" uuid NOT NULL,
	"user_id" uuid DEFAULT app.user_id() NOT NULL,
	"page" text,
	"editing_entity" text,
	"editing_id" uuid,
	"last_seen_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "presence_client_key" UNIQUE("band_id","user_id","client_id")
);
--> statement-breakpoint
CREATE TABLE "project_users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"display_name" text,
	"avatar_url" text,
	CONSTRAINT "project_users_scope_key" UNIQUE("project_id","id"),
	CONSTRAINT "project_users_role_known" CHECK ("project_users"."role" in ('owner', 'collaborator'))
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid,
	"name" text NOT NULL,
	"duration_samples" integer DEFAULT 0 NOT NULL,
	"sample_rate" integer DEFAULT 44100 NOT NULL,
	"notes" text
);
--> statement-breakpoint
CREATE TABLE "read_marks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"user_id" uuid DEFAULT app.user_id() NOT NULL,
	"entity" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"last_read" text,
	CONSTRAINT "read_marks_scope_key" UNIQUE("user_id","id")
);
--> statement-breakpoint
CREATE TABLE "setlists" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"name" text NOT NULL,
	"notes" text,
	"items" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"locked_by" uuid,
	"locked_at" timestamptz(3),
	CONSTRAINT "setlists_scope_key" UNIQUE("band_id","id")
);
--> statement-breakpoint
CREATE TABLE "shows" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"title" text NOT NULL,
	"venue" text,
	"address" text,
	"starts_at" timestamptz(3),
	"time_zone" text,
	"load_in_at" timestamptz(3),
	"set_length_ms" integer,
	"setlist_id" uuid,
	"status" text DEFAULT 'draft' NOT NULL,
	"fee_cents" integer,
	"currency" text,
	"notes" text,
	CONSTRAINT "shows_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "shows_status_known" CHECK ("shows"."status" in ('draft', 'confirmed', 'played', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "song_notes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"user_id" uuid DEFAULT app.user_id() NOT NULL,
	"song_id" uuid NOT NULL,
	"transpose" integer,
	"capo" integer,
	"text" text,
	CONSTRAINT "song_notes_scope_key" UNIQUE("user_id","id")
);
--> statement-breakpoint
CREATE TABLE "songs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"band_id" uuid NOT NULL,
	"title" text NOT NULL,
	"artist" text,
	"key" text,
	"tempo_bpm" integer,
	"duration_ms" integer,
	"tuning" text,
	"status" text DEFAULT 'idea' NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"lyrics" text,
	"notes" text,
	CONSTRAINT "songs_scope_key" UNIQUE("band_id","id"),
	CONSTRAINT "songs_status_known" CHECK ("songs"."status" in ('idea', 'learning', 'ready', 'retired'))
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"type" text NOT NULL,
	"provider" text NOT NULL,
	"provider_account_id" text NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "accounts_provider_key" UNIQUE("provider","provider_account_id")
);
--> statement-breakpoint
CREATE TABLE "applied_writes" (
	"user_id" uuid DEFAULT app.user_id() NOT NULL,
	"id" uuid NOT NULL,
	"client_id" uuid,
	"content_hash" text NOT NULL,
	"outcome" jsonb NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "applied_writes_user_id_id_pk" PRIMARY KEY("user_id","id")
);
--> statement-breakpoint
CREATE TABLE "password_resets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"token_hash" text NOT NULL,
	"issued_by" text NOT NULL,
	"expires_at" timestamptz(3) NOT NULL,
	"used_at" timestamptz(3),
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "password_resets_token_key" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"key" text NOT NULL,
	"window" timestamptz(3) NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "rate_limits_key_window_pk" PRIMARY KEY("key","window")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"email" text NOT NULL,
	"email_verified" timestamptz(3),
	"name" text,
	"image" text,
	"password_hash" text,
	"session_version" integer DEFAULT 1 NOT NULL,
	"is_sample" boolean DEFAULT false NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3)
);
--> statement-breakpoint
CREATE TABLE "verification_tokens" (
	"identifier" text NOT NULL,
	"token_hash" text NOT NULL,
	"expires_at" timestamptz(3) NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "verification_tokens_identifier_token_hash_pk" PRIMARY KEY("identifier","token_hash")
);
--> statement-breakpoint
CREATE TABLE "writing_sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"deleted_at" timestamptz(3),
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" uuid DEFAULT app.user_id(),
	"updated_at" timestamptz(3) DEFAULT clock_timestamp() NOT NULL,
	"updated_by" uuid DEFAULT app.user_id(),
	"updated_by_client" uuid,
	"user_id" uuid DEFAULT app.user_id() NOT NULL,
	"name" text NOT NULL,
	"body" text,
	"song_id" uuid,
	CONSTRAINT "writing_sessions_scope_key" UNIQUE("user_id","id")
);
--> statement-breakpoint
ALTER TABLE "attendance" ADD CONSTRAINT "attendance_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attendance" ADD CONSTRAINT "attendance_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "band_members" ADD CONSTRAINT "band_members_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "band_members" ADD CONSTRAINT "band_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invites" ADD CONSTRAINT "invites_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invites" ADD CONSTRAINT "invites_used_by_users_id_fk" FOREIGN KEY ("used_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_conversation_fk" FOREIGN KEY ("band_id","conversation_id") REFERENCES "public"."conversations"("band_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_reply_to_fk" FOREIGN KEY ("band_id","reply_to") REFERENCES "public"."messages"("band_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "practices" ADD CONSTRAINT "practices_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "presence" ADD CONSTRAINT "presence_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "presence" ADD CONSTRAINT "presence_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_users" ADD CONSTRAINT "project_users_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_users" ADD CONSTRAINT "project_users_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "read_marks" ADD CONSTRAINT "read_marks_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setlists" ADD CONSTRAINT "setlists_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setlists" ADD CONSTRAINT "setlists_locked_by_users_id_fk" FOREIGN KEY ("locked_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shows" ADD CONSTRAINT "shows_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shows" ADD CONSTRAINT "shows_setlist_fk" FOREIGN KEY ("band_id","setlist_id") REFERENCES "public"."setlists"("band_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "song_notes" ADD CONSTRAINT "song_notes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "song_notes" ADD CONSTRAINT "song_notes_song_id_songs_id_fk" FOREIGN KEY ("song_id") REFERENCES "public"."songs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "songs" ADD CONSTRAINT "songs_band_id_bands_id_fk" FOREIGN KEY ("band_id") REFERENCES "public"."bands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "password_resets" ADD CONSTRAINT "password_resets_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "writing_sessions" ADD CONSTRAINT "writing_sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "writing_sessions" ADD CONSTRAINT "writing_sessions_song_id_songs_id_fk" FOREIGN KEY ("song_id") REFERENCES "public"."songs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attendance_trash_idx" ON "attendance" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "attendance_person_key" ON "attendance" USING btree ("subject_id","user_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "band_members_trash_idx" ON "band_members" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "band_members_person_key" ON "band_members" USING btree ("user_id","band_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "changes_trash_idx" ON "changes" USING btree ("scope_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "changes_history_idx" ON "changes" USING btree ("scope_id","created_at","id");--> statement-breakpoint
CREATE INDEX "changes_row_history_idx" ON "changes" USING btree ("scope_id","entity_id","created_at","id");--> statement-breakpoint
CREATE INDEX "conflicts_trash_idx" ON "conflicts" USING btree ("scope_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "conflicts_open_key" ON "conflicts" USING btree ("entity_id","field","offered_by") WHERE "conflicts"."decision" is null and "conflicts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "conversations_trash_idx" ON "conversations" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "invites_trash_idx" ON "invites" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "invites_code_key" ON "invites" USING btree ("code");--> statement-breakpoint
CREATE INDEX "messages_trash_idx" ON "messages" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "messages_history_idx" ON "messages" USING btree ("band_id","conversation_id","created_at","id");--> statement-breakpoint
CREATE INDEX "practices_trash_idx" ON "practices" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "practices_calendar_idx" ON "practices" USING btree ("band_id","starts_at");--> statement-breakpoint
CREATE INDEX "presence_age_idx" ON "presence" USING btree ("band_id","last_seen_at");--> statement-breakpoint
CREATE INDEX "project_users_trash_idx" ON "project_users" USING btree ("project_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "project_users_person_key" ON "project_users" USING btree ("user_id","project_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "read_marks_trash_idx" ON "read_marks" USING btree ("user_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "read_marks_row_key" ON "read_marks" USING btree ("user_id","entity","entity_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "setlists_trash_idx" ON "setlists" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "shows_trash_idx" ON "shows" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "shows_calendar_idx" ON "shows" USING btree ("band_id","starts_at");--> statement-breakpoint
CREATE INDEX "song_notes_trash_idx" ON "song_notes" USING btree ("user_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "songs_trash_idx" ON "songs" USING btree ("band_id","created_at","id") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "accounts_user_idx" ON "accounts" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "applied_writes_created_idx" ON "applied_writes" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "password_resets_user_idx" ON "password_resets" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "rate_limits_window_idx" ON "rate_limits" USING btree ("window");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" USING btree (lower("email")) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "writing_sessions_trash_idx" ON "writing_sessions" USING btree ("user_id","created_at","id") WHERE deleted_at is not null;