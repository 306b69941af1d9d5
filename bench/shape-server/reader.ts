import type { Engine } from './engine'
import { shapePath } from './engine'
import { WireClient } from './wire-client'

/** A client that follows one shape, with as little between the wire and the measurement as a client can do with. */
export class Reader {
  private offset = '-1'
  private handle = ''
  private cursor = ''

  private constructor(
    private readonly client: WireClient,
    private readonly path: string,
  ) {}

  /** A reader that has caught up. */
  static async open(engine: Engine, params: Record<string, string>): Promise<Reader> {
    const reader = new Reader(await WireClient.connect(engine.url), shapePath(engine, params))
    while (!(await reader.read()).isUpToDate);
    return reader
  }

  /** Reads what there is, once; where the reader stands does not change with `stays`. */
  async read(stays = false): Promise<{ body: Buffer; isUpToDate: boolean }> {
    const response = await this.client.get(this.next())
    if (response.status !== 200) throw new Error(`${String(response.status)} ${response.body.toString()}`)
    if (!stays) this.advance(response)
    return { body: response.body, isUpToDate: response.header('electric-up-to-date') !== null }
  }

  /** Follows by long poll until it is closed; `onBody` gets every answer. */
  async poll(onBody: (body: Buffer) => void): Promise<void> {
    for (;;) {
      const response = await this.client.get(`${this.next()}&live=true&cursor=${this.cursor}`).catch(() => null)
      if (response === null) return
      this.advance(response)
      onBody(response.body)
    }
  }

  /** Follows by events until it is closed. */
  follow(onText: (text: string) => void): void {
    this.client.stream(`${this.next()}&live=true&live_sse=true`, onText)
  }

  get position(): { handle: string; offset: string } {
    return { handle: this.handle, offset: this.offset }
  }

  close(): void {
    this.client.close()
  }

  private next(): string {
    return `${this.path}&offset=${this.offset}${this.handle === '' ? '' : `&handle=${this.handle}`}`
  }

  private advance(response: { header(name: string): string | null }): void {
    this.offset = response.header('electric-offset') ?? ''
    this.handle = response.header('electric-handle') ?? ''
    this.cursor = response.header('electric-cursor') ?? ''
  }
}
