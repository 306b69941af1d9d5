/** Wire type of `GET /api/me`: who is signed in, and how this installation wants its clients to behave. */
export interface Me {
  user: {
    id: string
    email: string
    name: string | null
    image: string | null
    /** Owns the installation: sees monitoring. */
    isAdmin: boolean
  }
  /** ISO; when the session ends unless it is renewed. */
  sessionExpiresAt: string
  flags: {
    /** Off: changes are polled for and not streamed. */
    realtime: boolean
    syncIcons: boolean
    toasts: boolean
  }
  /** Period of polling where streaming does not work, in milliseconds. */
  syncIntervalMs: number
  /** Version of the entities' schemas the server was built with. */
  schemaVersion: number
  /** ISO; the server's clock while it answered. */
  serverTime: string
}
