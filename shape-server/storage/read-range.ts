import type { Blob } from './blob'

/** What a socket takes at a time. */
const PIECE_BYTES = 256 * 1024

/**
 * The bytes of a blob between two positions. A piece is valid until the next one is asked for: two buffers take turns, and one is filled
 * while the other is sent, so that a reader leaves no garbage and waits for the disk only once. Throws where the blob ends early.
 */
export async function* readRange(
  blob: Blob,
  from: number,
  to: number,
  pieceBytes = PIECE_BYTES,
): AsyncGenerator<Buffer> {
  if (from >= to) return
  const buffers = [Buffer.allocUnsafe(Math.min(pieceBytes, to - from))]
  const read = async (at: number, turn: number) => {
    buffers[turn] ??= Buffer.allocUnsafe(pieceBytes)
    const piece = await blob.read(at, (buffers[turn] ?? EMPTY).subarray(0, to - at))
    if (piece.length === 0) throw new Error('the log ends early')
    return piece
  }
  let reading: Promise<Buffer> | null = read(from, 0)
  for (let at = from, turn = 0; reading !== null; turn = 1 - turn) {
    const piece: Buffer = await reading
    at += piece.length
    reading = at < to ? read(at, 1 - turn) : null
    // Whoever reads may stop here, and then nobody awaits it.
    reading?.catch(() => undefined)
    yield piece
  }
}

const EMPTY = Buffer.alloc(0)
