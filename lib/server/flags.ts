import 'server-only'
import { createHash } from 'node:crypto'
import type { FlagSetting } from './env'

/**
 * Whether a flag is on for a person. A hash of flag and user decides, so that people stay in their group while a share
 * grows, and are in different groups for different flags.
 */
export function isOn(flag: string, share: FlagSetting, userId: string): boolean {
  const hash = createHash('sha256').update(`${flag}:${userId}`).digest()
  return hash.readUInt32BE(0) % 100 < share
}
