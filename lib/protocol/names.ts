/**
 * Words of Electric's HTTP protocol and of our own doors. Every part spells them from here,
 * so a typo is a compile error and a search for a name finds every use.
 */

/** Response headers of a shape endpoint. https://electric-sql.com/docs/api/http */
export const ELECTRIC_HEADERS = {
  handle: 'electric-handle',
  offset: 'electric-offset',
  schema: 'electric-schema',
  cursor: 'electric-cursor',
  upToDate: 'electric-up-to-date',
  hasData: 'electric-has-data',
  snapshot: 'electric-snapshot',
  knownError: 'electric-internal-known-error',
  server: 'electric-server',
} as const

/** Query parameters of a shape endpoint. */
export const ELECTRIC_PARAMS = {
  table: 'table',
  where: 'where',
  columns: 'columns',
  queryableColumns: 'queryable_columns',
  replica: 'replica',
  log: 'log',
  offset: 'offset',
  handle: 'handle',
  live: 'live',
  liveSse: 'live_sse',
  experimentalLiveSse: 'experimental_live_sse',
  cursor: 'cursor',
  expiredHandle: 'expired_handle',
  cacheBuster: 'cache-buster',
  secret: 'secret',
  apiSecret: 'api_secret',
} as const

/** Control messages inside a shape's log. */
export const CONTROL = {
  upToDate: 'up-to-date',
  mustRefetch: 'must-refetch',
  snapshotEnd: 'snapshot-end',
  subsetEnd: 'subset-end',
} as const

/** What our own client adds to a request. */
export const BACKLINE_HEADERS = {
  /** The user a GET acts for; must equal the session's user, else 401 `other_user`. */
  user: 'backline-user',
  /** The write id of a single REST write. */
  idempotencyKey: 'idempotency-key',
} as const

/** The one query parameter our read door adds to Electric's: the uuid of a band, project or user. */
export const SCOPE_PARAM = 'scope'

/** Publication and slot that Electric (and our shape server) use for stream id `default`. */
export const ELECTRIC_PUBLICATION = 'electric_publication_default'
