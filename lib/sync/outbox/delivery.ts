import 'client-only'

/** What becomes of writes once they are stored: how they are sent, and what people decide about them. One file to fetch. */
export { corrected, discarded, retried } from './decisions'
export { startSender } from './sender'
