// Started by embedded.pg.test.ts: holds a server on the directory it is given, says the port, and waits to be killed.
import { startEmbeddedPostgres } from '../postgres/embedded'

const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', settings: { fsync: 'off' } })
console.log(server.port)
setInterval(() => {}, 60_000)
