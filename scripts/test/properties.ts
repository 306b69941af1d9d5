import fc from 'fast-check'

/**
 * Property tests start from one seed, so that a red run is about the change and not about the dice. `PROPERTY_SEED=random`
 * explores; `PROPERTY_SEED=<number>` (and, for one test alone, `PROPERTY_PATH`) replays what fast-check printed. What is found becomes a
 * named test.
 */
const chosen = process.env['PROPERTY_SEED'] ?? '20261120'
const path = process.env['PROPERTY_PATH']
if (chosen !== 'random') fc.configureGlobal({ seed: Number(chosen), ...(path === undefined ? {} : { path }) })
