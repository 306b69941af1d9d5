/** Next calls this once when a server starts: a server that is set up wrongly says why and does not serve. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { findStartProblem } = await import('@/lib/server/start')
  const problem = await findStartProblem()
  if (problem === null) return
  console.error(`Backline cannot start: ${problem.message} Every variable is explained in .env.example.`)
  process.exit(1)
}
