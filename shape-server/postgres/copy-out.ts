import type pg from 'pg'

/** What a COPY hands over: each call is one row, its newline included. The bytes are only valid during the call. */
export type CopyRowSink = (row: Buffer) => void

interface CopyConnection {
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

  submit(connection: CopyConnection): void {
    connection.query(this.text)
  }
  handleRowDescription(): void {
    // COPY has none.
  }
  handleCopyData(message: { chunk: Buffer }): void {
    this.onRow(message.chunk)
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
