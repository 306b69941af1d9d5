// npm run db:migrate: brings the database of DATABASE_URL_UNPOOLED, or the embedded one, up to date.
import { openTarget, runDataCommand, settingsOrExit } from './target'

await runDataCommand(async () => {
  await using target = await openTarget(settingsOrExit())
  await target.migrate()
  console.log('The database is up to date.')
})
