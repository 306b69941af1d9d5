// npm run db:seed [-- <database name>]: loads the sample band. A database that we did not start must be named.
import { seed } from '@/db/seed'
import { nameOfGiven, openTarget, runDataCommand, settingsOrExit } from './target'

await runDataCommand(async () => {
  const settings = settingsOrExit()
  const name = nameOfGiven(settings)
  if (name !== undefined && process.argv[2] !== name) {
    console.error(
      `DATABASE_URL leads to a database of your own. To load sample people with a known password into it, repeat its name: npm run db:seed -- ${name}`,
    )
    process.exitCode = 1
    return
  }
  await using target = await openTarget(settings)
  await target.migrate()
  await seed({ ownerUrl: target.ownerUrl })
  console.log('The sample data is loaded.')
})
