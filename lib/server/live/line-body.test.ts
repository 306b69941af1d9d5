import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { LineBody } from './line-body'

const line = (bytes: number, fill = 0) => new Uint8Array(bytes).fill(fill)
/** Whatever was to happen has happened. */
const settled = () => new Promise(setImmediate)

/** Somebody who takes a body's lines one by one. */
interface Client {
  /** The next line's first byte; null at the end. */
  take(): Promise<number | null>
  leave(): void
}

function reading(body: LineBody): Client {
  const reader = body.getReader()
  return {
    take: async () => (await reader.read()).value?.[0] ?? null,
    leave: () => void reader.cancel(),
  }
}

/** As Next pipes to a socket, which is full until somebody takes. */
function piped(body: LineBody): Client {
  const arrived: { first: number | null; taken: () => void }[] = []
  const takers: ((first: number | null) => void)[] = []
  const match = () => {
    while (takers.length > 0 && arrived.length > 0) {
      const next = arrived.shift()
      takers.shift()?.(next?.first ?? null)
      next?.taken()
    }
  }
  const arrive = (first: number | null) =>
    new Promise<void>((taken) => {
      arrived.push({ first, taken })
      match()
    })
  const gone = new AbortController()
  const socket = new WritableStream<Uint8Array>({
    write: (bytes) => arrive(bytes[0] ?? null),
    close: () => arrive(null),
  })
  body.pipeTo(socket, { signal: gone.signal }).catch(() => undefined)
  return {
    take: () =>
      new Promise((resolve) => {
        takers.push(resolve)
        match()
      }),
    leave: () => gone.abort(),
  }
}

describe.each([
  { how: 'read', open: reading },
  { how: 'piped', open: piped },
])('a body that is $how', ({ open }) => {
  const make = () => {
    const told = { onRoom: vi.fn(), onGone: vi.fn() }
    return { body: new LineBody(told), ...told }
  }

  test('gives every line in order and then ends, however putting and taking alternate', async () => {
    const steps = fc.array(fc.constantFrom('put', 'take', 'open', 'settle'), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const { body } = make()
        const lines: Promise<number | null>[] = []
        let client: Client | null = null
        let put = 0
        for (const step of taken) {
          if (step === 'put') body.put(line(10, ++put))
          else if (step === 'settle') await settled()
          else {
            client ??= open(body)
            if (step === 'take') lines.push(client.take())
          }
        }
        body.end()
        client ??= open(body)
        while (lines.length <= put) lines.push(client.take())
        const firsts = await Promise.all(lines.slice(0, put + 1))
        expect(firsts).toEqual([...Array.from({ length: put }, (_, index) => index + 1), null])
      }),
    )
  })

  test('has no room while 64 KB wait, and tells when there is some again', async () => {
    const { body, onRoom } = make()
    const client = open(body)
    body.put(line(40_000, 1))
    expect(body.hasRoom).toBe(true)
    body.put(line(40_000, 2))
    expect(body.hasRoom).toBe(false)
    await settled()
    expect(onRoom).not.toHaveBeenCalled()
    await client.take()
    await settled()
    expect(onRoom).toHaveBeenCalledTimes(1)
    expect(body.hasRoom).toBe(true)
  })

  test('tells once that the client left, and takes nothing more', async () => {
    const { body, onGone } = make()
    const client = open(body)
    body.put(line(10, 1))
    client.leave()
    await settled()
    expect(onGone).toHaveBeenCalledTimes(1)
    expect(body.hasRoom).toBe(false)
    body.put(line(10, 2))
    body.end()
    await settled()
    expect(onGone).toHaveBeenCalledTimes(1)
  })
})

test('a socket that breaks is a client that left: the pipe says why', async () => {
  const onGone = vi.fn()
  const body = new LineBody({ onRoom: () => {}, onGone })
  const broken = new Error('EPIPE')
  const piping = body.pipeTo(new WritableStream({ write: () => Promise.reject(broken) }))
  body.put(line(10, 1))
  await expect(piping).rejects.toBe(broken)
  await settled()
  expect(onGone).toHaveBeenCalledTimes(1)
})

test('a client that has left before the pipe begins gets nothing', async () => {
  const onGone = vi.fn()
  const body = new LineBody({ onRoom: () => {}, onGone })
  body.put(line(10, 1))
  const write = vi.fn()
  const reason = new Error('gone')
  await expect(body.pipeTo(new WritableStream({ write }), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await settled()
  expect([write.mock.calls.length, onGone.mock.calls.length]).toEqual([0, 1])
})

test('what is piped with conditions goes the ordinary way: the destination stays open', async () => {
  const body = new LineBody({ onRoom: () => {}, onGone: () => {} })
  const lines: number[] = []
  const socket = new WritableStream<Uint8Array>({ write: (bytes) => void lines.push(bytes[0] ?? 0) })
  const piping = body.pipeTo(socket, { preventClose: true })
  body.put(line(10, 1))
  body.end()
  await piping
  const writer = socket.getWriter()
  await writer.write(line(10, 2))
  expect(lines).toEqual([1, 2])
})
