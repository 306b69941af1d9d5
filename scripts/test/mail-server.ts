import { createServer, type Socket } from 'node:net'

export type ReceivedMail = { to: string[]; text: string }

export type TestMailServer = AsyncDisposable & {
  /** `smtp://127.0.0.1:<port>`. */
  url: string
  /** The next mail, as soon as it has arrived; each is given out once. */
  next(): Promise<ReceivedMail>
}

/** A mail server of RFC 5321's minimum that keeps what it receives. */
export async function testMailServer(): Promise<TestMailServer> {
  const arrived: ReceivedMail[] = []
  const waiting: ((mail: ReceivedMail) => void)[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    receive(socket, (mail) => {
      const taker = waiting.shift()
      if (taker) taker(mail)
      else arrived.push(mail)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listening TCP server has no port')
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    next: () => {
      const mail = arrived.shift()
      return mail ? Promise.resolve(mail) : new Promise((resolve) => void waiting.push(resolve))
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function receive(socket: Socket, keep: (mail: ReceivedMail) => void): void {
  let to: string[] = []
  /** Lines of the mail being received; null between mails. */
  let lines: string[] | null = null
  const say = (line: string) => socket.write(`${line}\r\n`)
  const take = (line: string) => {
    if (lines !== null) {
      if (line !== '.') return void lines.push(line.replace(/^\./, ''))
      keep({ to, text: decodeBody(lines) })
      ;[to, lines] = [[], null]
      return say('250 kept')
    }
    const [command = ''] = line.toUpperCase().split(' ')
    if (command === 'RCPT') to.push(/<(.*?)>/.exec(line)?.[1] ?? '')
    if (command === 'DATA') {
      lines = []
      return say('354 go on')
    }
    if (command === 'QUIT') return void socket.end('221 bye\r\n')
    return say('250 ok')
  }
  let rest = ''
  say('220 test')
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\r\n')
    rest = parts.pop() ?? ''
    for (const line of parts) take(line)
  })
}

/** The words of a plain-text mail, quoted-printable or not. */
function decodeBody(lines: readonly string[]): string {
  const start = lines.indexOf('')
  const isQuoted = lines.slice(0, start).some((line) => /quoted-printable/i.test(line))
  const body = lines.slice(start + 1).join('\n')
  if (!isQuoted) return body
  const bytes = body
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
