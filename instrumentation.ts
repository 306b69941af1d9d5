/** Next calls this once when a server starts; the edge, where only the redirect runs, has nothing to check. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { tellPeerAddresses } = await import('@/lib/server/peer-address')
    tellPeerAddresses()
    const { startOrExit } = await import('@/lib/server/start')
    await startOrExit()
  }
}
