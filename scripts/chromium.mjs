// Plain JavaScript: the test command asks before packages are installed.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MAC_APPS = ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)

/** The path of an installed Chromium or Chrome; CHROMIUM_PATH names one elsewhere. */
export function findChromium(environment = process.env) {
  const directories = (environment.PATH ?? '').split(delimiter)
  const found = NAMES.flatMap((name) => directories.map((directory) => join(directory, name)))
  return [environment.CHROMIUM_PATH, ...found, ...MAC_APPS].find((path) => path && isExecutable(path))
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
