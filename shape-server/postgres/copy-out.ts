import type pg from 'pg'

/**
 * What a COPY hands over: each call is one row, its newline included. The bytes are only valid during the call. A promise stops the
 * reading until it resolves; rows that were received already still come.
 */
export type CopyRowSink = (row: Buffer) => Promise<void> | null

interface CopyConnection {
  stream: { pause(): void; resume(): void; destroy(): void }
  query(text: string): void
  sendCopyFail(message: string): void
}

/** `COPY … TO STDOUT` on a pg client, row by row, without an object per row. */
class CopyOut {
  constructor(
    private readonly text: string,
    private readonly onRow: CopyRowSink,
    private readonly settle: (error: Error | null) => void,
  ) {}

  private connection: CopyConnection | null = null
  private hasFailed = false

  submit(connection: CopyConnection): void {
    this.connection = connection
    connection.query(this.text)
  }
  handleRowDescription(): void {
    // COPY has none.
  }
  handleCopyData(message: { chunk: Buffer }): void {
    if (this.hasFailed) return
    let wait: Promise<void> | null
    try {
      wait = this.onRow(message.chunk)
    } catch (error) {
      // Thrown here it would end the process: it belongs to whoever asked for the rows, and ends this connection.
      this.hasFailed = true
      this.connection?.stream.destroy()
      return this.settle(error instanceof Error ? error : new Error(String(error)))
    }
    if (!wait) return
    this.connection?.stream.pause()
    const resume = () => this.connection?.stream.resume()
    wait.then(resume, resume)
  }
  handleCommandComplete(): void {
    // ReadyForQuery follows.
  }
  handleEmptyQuery(): void {
    // Never empty.
  }
  handleError(error: Error): void {
    this.settle(error)
  }
  handleReadyForQuery(): void {
    this.settle(null)
  }
}

/** Runs a COPY TO STDOUT statement; resolves when its last row was handed over. */
export function copyOut(client: pg.ClientBase, statement: string, onRow: CopyRowSink): Promise<void> {
  return new Promise((resolve, reject) => {
    const submittable = new CopyOut(statement, onRow, (error) => (error ? reject(error) : resolve()))
    client.query(submittable as unknown as pg.Submittable)
  })
}
