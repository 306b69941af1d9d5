import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** From one collection to the next. */
const PAUSE_MS = 100

/** Runs the garbage collector again and again; each time until it has told of something that nobody holds. */
export async function collectGarbage(): Promise<void> {
  let told = 0
  const registry = new FinalizationRegistry(() => (told += 1))
  for (let round = 1; round <= 5; round += 1) {
    registry.register({}, undefined)
    while (told < round) {
      await new Promise(setImmediate)
      collect()
    }
  }
}

/** Runs the garbage collector all the time until `work` is done: what is held by chance alone does not outlive this. */
export async function whileCollectingGarbage<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(collect, PAUSE_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

let collector: (() => void) | undefined

function collect(): void {
  if (!collector) {
    setFlagsFromString('--expose-gc')
    // The flag counts for contexts made from now on.
    collector = runInNewContext('gc') as () => void
  }
  collector()
}
