import 'server-only'
import { after } from 'next/server'

/** Runs work once the answer is out, so that neither its time nor its failure shows; failures are logged. */
export function afterAnswer(work: () => Promise<void>): void {
  const logged = () => work().catch((error: unknown) => console.warn('account mail: not sent', error))
  try {
    // Keeps a serverless function alive until the work is done.
    after(logged)
  } catch {
    // No request of Next's: under other servers the process lives on by itself.
    void logged()
  }
}
