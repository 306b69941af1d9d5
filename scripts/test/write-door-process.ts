import { serveWriteDoor } from './write-door'

// The write door as a process of its own, for tests that kill it. Says where it listens.
const { url } = await serveWriteDoor()
console.log(`listening ${url}`)
