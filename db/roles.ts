import pg from 'pg'

export interface BootstrapOptions {
  /** Connection as a superuser, to any database of the cluster. */
  superuserUrl: string
  /** The database to create. */
  database: string
  ownerPassword: string
}

/**
 * Creates `backline_owner` and the database it owns; what exists already is kept, the password is set. The only work of a superuser:
 * everything else is the owner's (db/migrate.ts). Neon does this when a project is made.
 */
export async function bootstrap({ superuserUrl, database, ownerPassword }: BootstrapOptions): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl, application_name: 'backline bootstrap' })
  await client.connect()
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('backline bootstrap'))`)
    const owner = await client.query(`SELECT FROM pg_roles WHERE rolname = 'backline_owner'`)
    // REPLICATION is there to be handed on to backline_electric.
    const verb = owner.rowCount ? 'ALTER' : 'CREATE'
    await client.query(
      `${verb} ROLE backline_owner LOGIN CREATEROLE REPLICATION NOSUPERUSER NOBYPASSRLS PASSWORD ${pg.escapeLiteral(ownerPassword)}`,
    )
    const existing = await client.query(`SELECT FROM pg_database WHERE datname = $1`, [database])
    if (existing.rowCount) return
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} OWNER backline_owner`)
  } finally {
    await client.end()
  }
}
