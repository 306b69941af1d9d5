import { spawnSync } from 'node:child_process'
import { chownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { StartError } from '../start-error'

const NOBODY = 65534

/**
 * How PostgreSQL, which refuses to run as root, is started:
 * - `direct`: we are not root, and somebody the system knows by name;
 * - `as-nobody`: as root, the programs run as nobody, who owns the data directory;
 * - `in-namespace`: as root below a directory that nobody may not enter (/root is 0700), the programs run in a user namespace where
 *   root is called nobody: without privileges, still the owner of root's files. Also for an account without a name.
 */
export type Launch = { kind: 'direct' } | { kind: 'as-nobody' } | { kind: 'in-namespace' }

/** Decides how to start PostgreSQL for files below `paths`; throws a StartError `no-permission` when root has no way. */
export function chooseLaunch(paths: string[]): Launch {
  if (process.getuid?.() !== 0)
    return hasName() || !works('unshare', namespaceFlags, 'true') ? { kind: 'direct' } : { kind: 'in-namespace' }
  if (paths.every(isReachableByAll) && works('setpriv', nobodyFlags, 'true')) return { kind: 'as-nobody' }
  if (works('unshare', namespaceFlags, 'true')) return { kind: 'in-namespace' }
  throw new StartError(
    'no-permission',
    'PostgreSQL refuses to run as root, and this system offers no way to start it as somebody else (setpriv, unshare).',
    'Run the command as an ordinary user, or set DATABASE_URL to a database of your own.',
  )
}

/** The command line that runs `command` the chosen way, in the same process (each wrapper execs). */
export function launchCommand(launch: Launch, command: string, args: string[]): [string, string[]] {
  switch (launch.kind) {
    case 'direct':
      return [command, args]
    case 'as-nobody':
      return ['setpriv', [...nobodyFlags, command, ...args]]
    case 'in-namespace':
      return ['unshare', [...namespaceFlags, command, ...args]]
  }
}

/** Makes the account that PostgreSQL runs under the owner of `path` and all below it, where it is not already. */
export function giveTo(launch: Launch, path: string): void {
  if (launch.kind === 'direct') return
  const owner = launch.kind === 'as-nobody' ? NOBODY : (process.getuid?.() ?? 0)
  if (lstatSync(path).uid !== owner) chownTree(path, owner)
}

const nobodyFlags = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
const namespaceFlags = ['-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`]

/** Whether the system knows this account; containers often run as a bare number, which PostgreSQL refuses. */
function hasName(): boolean {
  try {
    userInfo()
    return true
  } catch {
    return false
  }
}

function works(command: string, flags: string[], program: string): boolean {
  return spawnSync(command, [...flags, program], { stdio: 'ignore' }).status === 0
}

/** Whether every directory above `path` may be entered by everybody. */
function isReachableByAll(path: string): boolean {
  for (let directory = dirname(resolve(path)); ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false
    if (directory === dirname(directory)) return true
  }
}

function chownTree(path: string, owner: number): void {
  // The top last: whoever finds it with the right owner may trust what lies below.
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), owner)
  chownSync(path, owner, owner)
}
