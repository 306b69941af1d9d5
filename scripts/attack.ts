import pg from 'pg'
import { encode } from 'next-auth/jwt'
import { startStack } from './test/stack'
import { runAttacks } from './attack/run-attacks'

/** `npm run attack`: starts a Backline of its own with the sample data and runs the whole corpus against its doors. Exits 1 on a breach. */
const AUTH_SECRET = 'attack-secret-attack-secret'

await using stack = await startStack({ settings: { AUTH_SECRET, WRITES_PER_SECOND: '1000000' }, onLine: () => {} })
const owner = new pg.Client(stack.database.ownerUrl)
await owner.connect()
const { attacks, breaches } = await runAttacks({
  url: stack.url,
  cookieOf: async (userId) => {
    const token = await encode({ token: { sub: userId, session_version: 1 }, secret: AUTH_SECRET, maxAge: 3600 })
    return `next-auth.session-token=${token}`
  },
  rows: async (sql, ...params) => (await owner.query(sql, params)).rows,
})
await owner.end()
for (const { attack, found } of breaches)
  console.error(`BREACH  ${attack.group}: ${attack.name} as ${attack.as ?? 'nobody'}: ${found}`)
console.log(`${attacks} attacks, ${breaches.length} got through.`)
process.exitCode = breaches.length > 0 ? 1 : 0
