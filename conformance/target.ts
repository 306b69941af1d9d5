import pg from 'pg'

/** A sync service under test, and the database it follows. */
export interface Target {
  /** Base URL of the service. */
  url: string
  databaseUrl: string
  secret: string | null
  /** What the service was configured with, where a promise depends on it. */
  longPollTimeoutMs: number
  chunkBytes: number
  deletesEnabled: boolean
}

export interface Message {
  key?: string
  value?: Record<string, string | null>
  old_value?: Record<string, string | null>
  headers: Record<string, unknown>
}

let tableCount = 0

/** What a conformance test does to its target; every test has tables of its own. */
export class Subject implements AsyncDisposable {
  readonly pool: pg.Pool
  private readonly tables: string[] = []

  constructor(readonly target: Target) {
    this.pool = new pg.Pool({ connectionString: target.databaseUrl, max: 3 })
  }

  /** Runs SQL, several statements at once. */
  async sql(text: string): Promise<void> {
    await this.pool.query(text)
  }

  /** The rows of a query. */
  async rows<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
    return (await this.pool.query<T>(text)).rows
  }

  /** A name no other test uses, dropped afterwards. */
  tableName(): string {
    const name = `conf_${String(process.pid)}_${String(Date.now() % 1e7)}_${String(tableCount++)}`
    this.tables.push(name)
    return name
  }

  /** Makes a table with these column definitions. */
  async table(columns: string): Promise<string> {
    const name = this.tableName()
    await this.sql(`CREATE TABLE ${name} (${columns})`)
    return name
  }

  /** Asks /v1/shape. */
  shape(params: Record<string, string>, init?: RequestInit): Promise<Response> {
    return fetch(`${this.target.url}/v1/shape?${this.query(params)}`, init)
  }

  /** Asks another path with these parameters and the secret. */
  ask(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.target.url}${path}`, init)
  }

  query(params: Record<string, string>): string {
    const query = new URLSearchParams(params)
    if (this.target.secret !== null) query.set('secret', this.target.secret)
    return query.toString()
  }

  /** Reads a shape until it is up to date. */
  async follow(params: Record<string, string>): Promise<Follower> {
    const follower = new Follower(this, params)
    await follower.catchUp()
    return follower
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.tables) await this.sql(`DROP TABLE IF EXISTS ${name} CASCADE`)
    await this.pool.end()
  }
}

/** A client that reads one shape step by step. */
export class Follower {
  messages: Message[] = []
  handle = ''
  offset = '-1'
  /** Offsets of all answers so far. */
  readonly offsets: string[] = []

  constructor(
    private readonly subject: Subject,
    private readonly params: Record<string, string>,
  ) {}

  get rows(): Message[] {
    return this.messages.filter((message) => message.key !== undefined)
  }

  /** The parameters of the next request. */
  next(more: Record<string, string> = {}): Record<string, string> {
    return { ...this.params, offset: this.offset, ...(this.handle === '' ? {} : { handle: this.handle }), ...more }
  }

  async catchUp(): Promise<void> {
    for (;;) {
      const response = await this.subject.shape(this.next())
      await this.take(response)
      if (response.headers.has('electric-up-to-date')) return
    }
  }

  /** The next live answer that has changes; a busy machine may need more than one poll for it. */
  async live(more: Record<string, string> = {}): Promise<{ response: Response; messages: Message[] }> {
    for (;;) {
      const answer = await this.poll(more)
      if (answer.response.headers.get('electric-has-data') === 'true') return answer
    }
  }

  /** One live answer, with changes or without. */
  async poll(more: Record<string, string> = {}): Promise<{ response: Response; messages: Message[] }> {
    const response = await this.subject.shape(this.next({ live: 'true', ...more }))
    const messages = await this.take(response)
    return { response, messages }
  }

  private async take(response: Response): Promise<Message[]> {
    if (response.status !== 200) throw new Error(`${String(response.status)}: ${await response.text()}`)
    const messages = (await response.json()) as Message[]
    this.messages.push(...messages)
    this.handle = response.headers.get('electric-handle') ?? ''
    this.offset = response.headers.get('electric-offset') ?? ''
    this.offsets.push(this.offset)
    return messages
  }
}
