import pg from 'pg'
import { PASSWORD_HASH } from './sample/people'

export interface GenerateOptions {
  /** Direct connection as the role that owns the database. */
  ownerUrl: string
  /** How many bands; 1 unless told. Everything below is for each of them. */
  bands?: number
  /** People; the first owns the band, the others are collaborators. 4 unless told. */
  members?: number
  /** 10,000 unless told. */
  songs?: number
  /** 100,000 unless told, spread evenly over the conversations. */
  messages?: number
  /** 20 unless told. */
  conversations?: number
  /** Tells generated worlds apart: the same name gives the same ids. */
  name?: string
}

export interface GeneratedBand {
  id: string
  /** The owner first. Their password is SAMPLE_PASSWORD. */
  members: { id: string; email: string }[]
}

/**
 * Makes large bands for benchmarks, inside Postgres, with ids that follow from `name`; rows that are there already stay. About
 * 20,000 rows a second. Returns whom to sign in as.
 */
export async function generateBands(options: GenerateOptions): Promise<GeneratedBand[]> {
  const {
    ownerUrl,
    bands = 1,
    members = 4,
    songs = 10_000,
    messages = 100_000,
    conversations = 20,
    name = 'large',
  } = options
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'backline generate' })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query(ID_OF)
    await client.query(USERS, [name, bands, members, PASSWORD_HASH])
    await client.query(BANDS, [name, bands])
    await client.query(MEMBERS, [name, bands, members])
    await client.query(SONGS, [name, bands, songs])
    await client.query(CONVERSATIONS, [name, bands, conversations])
    await client.query(MESSAGES, [name, bands, messages, conversations, members])
    const { rows } = await client.query<GeneratedBand>(RESULT, [name, bands, members])
    await client.query('COMMIT')
    await client.query('ANALYZE songs, messages, conversations, band_members')
    return rows
  } finally {
    await client.end()
  }
}

// A uuid (of version 4's form) that follows from a text.
const ID_OF = `
  CREATE OR REPLACE FUNCTION pg_temp.id_of(VARIADIC parts text[]) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT overlay(overlay(md5(array_to_string(parts, '/')) placing '4' from 13) placing '8' from 17)::uuid
  $$`

const USERS = `
  INSERT INTO users (id, email, email_verified, name, password_hash, is_sample)
  SELECT pg_temp.id_of($1, 'user', b::text, m::text), format('%s-%s-%s@backline.test', $1::text, b, m), now(), format('Player %s', m), $4, true
  FROM generate_series(1, $2::int) b, generate_series(1, $3::int) m
  ON CONFLICT DO NOTHING`

const BANDS = `
  INSERT INTO bands (id, name, created_by, updated_by)
  SELECT pg_temp.id_of($1, 'band', b::text), format('Band %s of %s', b, $1::text),
    pg_temp.id_of($1, 'user', b::text, '1'), pg_temp.id_of($1, 'user', b::text, '1')
  FROM generate_series(1, $2::int) b
  ON CONFLICT DO NOTHING`

const MEMBERS = `
  INSERT INTO band_members (id, band_id, user_id, role, created_by, updated_by)
  SELECT pg_temp.id_of($1, 'member', b::text, m::text), pg_temp.id_of($1, 'band', b::text), pg_temp.id_of($1, 'user', b::text, m::text),
    CASE m WHEN 1 THEN 'owner' ELSE 'collaborator' END,
    pg_temp.id_of($1, 'user', b::text, m::text), pg_temp.id_of($1, 'user', b::text, m::text)
  FROM generate_series(1, $2::int) b, generate_series(1, $3::int) m
  ON CONFLICT DO NOTHING`

const SONGS = `
  INSERT INTO songs (id, band_id, title, artist, key, tempo_bpm, duration_ms, status, tags, notes, created_at, created_by, updated_at, updated_by)
  SELECT pg_temp.id_of($1, 'song', b::text, s::text), pg_temp.id_of($1, 'band', b::text),
    format('%s %s No. %s', (ARRAY['Blue', 'Long', 'Silent', 'Paper', 'Last', 'Golden', 'Broken'])[1 + s % 7],
      (ARRAY['Road', 'River', 'Letter', 'Summer', 'Station'])[1 + s % 5], s),
    CASE WHEN s % 3 = 0 THEN format('Artist %s', s % 211) END,
    (ARRAY['C', 'Dm', 'Em', 'F', 'G', 'Am', 'Bb'])[1 + s % 7], 60 + s % 120, 120000 + (s * 977) % 240000,
    (ARRAY['idea', 'learning', 'ready', 'ready', 'ready', 'retired'])[1 + s % 6],
    ARRAY[(ARRAY['original', 'cover'])[1 + s % 2], (ARRAY['slow', 'upbeat', 'closer'])[1 + s % 3]],
    CASE WHEN s % 10 = 0 THEN repeat('Watch the bridge. ', 8) END,
    at, pg_temp.id_of($1, 'user', b::text, '1'), at, pg_temp.id_of($1, 'user', b::text, '1')
  FROM generate_series(1, $2::int) b, generate_series(1, $3::int) s, LATERAL (SELECT now() - s * interval '7 minutes' AS at) t
  ON CONFLICT DO NOTHING`

const CONVERSATIONS = `
  INSERT INTO conversations (id, band_id, title, created_by, updated_by)
  SELECT pg_temp.id_of($1, 'conversation', b::text, c::text), pg_temp.id_of($1, 'band', b::text), format('Topic %s', c),
    pg_temp.id_of($1, 'user', b::text, '1'), pg_temp.id_of($1, 'user', b::text, '1')
  FROM generate_series(1, $2::int) b, generate_series(1, $3::int) c
  ON CONFLICT DO NOTHING`

const MESSAGES = `
  INSERT INTO messages (id, band_id, conversation_id, body, created_at, created_by, updated_at, updated_by)
  SELECT pg_temp.id_of($1, 'message', b::text, m::text), pg_temp.id_of($1, 'band', b::text),
    pg_temp.id_of($1, 'conversation', b::text, (1 + m % $4::int)::text),
    format('Message %s: %s', m, (ARRAY['yes', 'no, later', 'let us try it tomorrow', 'who brings the cables?'])[1 + m % 4]),
    at, author, at, author
  FROM generate_series(1, $2::int) b, generate_series(1, $3::int) m,
    LATERAL (SELECT now() - m * interval '90 seconds' AS at, pg_temp.id_of($1, 'user', b::text, (1 + m % $5::int)::text) AS author) t
  ON CONFLICT DO NOTHING`

const RESULT = `
  SELECT pg_temp.id_of($1, 'band', b::text) AS id,
    (SELECT json_agg(json_build_object(
       'id', pg_temp.id_of($1, 'user', b::text, m::text), 'email', format('%s-%s-%s@backline.test', $1::text, b, m)
     ) ORDER BY m) FROM generate_series(1, $3::int) m) AS members
  FROM generate_series(1, $2::int) b ORDER BY b`
