import { quoteLiteral } from '../postgres/identifiers'
import type { Random } from './random'

/** A random table and the shapes that are followed on it. */
export interface WorldTable {
  name: string
  key: string[]
  columns: { name: string; type: keyof typeof VALUES }[]
  shapes: WorldShape[]
}

export interface WorldShape {
  table: WorldTable
  where: string | null
  params: string[]
  columns: string[] | null
  replica: 'default' | 'full'
}

const WORDS = ['a', 'b', 'ab', "it's", 'x/y', 'ü', '', ' ', 'line\nbreak', '"q"', '\\']

/** How a value of each type is written in SQL. */
const VALUES = {
  int4: (random: Random) => String(random.below(8) - 2),
  text: (random: Random) => quoteLiteral(random.pick(WORDS)),
  bool: (random: Random) => random.pick(['true', 'false']),
  numeric: (random: Random) => random.pick(['0', '1.5', '-2.25', '10']),
  timestamptz: (random: Random) => `'2026-01-0${String(1 + random.below(5))} 10:00:00+00'`,
  'text[]': (random: Random) => random.pick([`'{}'`, `'{a,b}'`, `'{NULL,"x y"}'`]),
}

export function randomWorld(random: Random, tableCount: number, shapesPerTable: number): WorldTable[] {
  return Array.from({ length: tableCount }, (_, i) => {
    const table: WorldTable = {
      name: random.pick([`plain_${String(i)}`, `Quoted "${String(i)}"`, `dot.slash/${String(i)}`]),
      key: random.chance(0.4) ? ['k1', 'k2'] : ['k1'],
      columns: [
        { name: 'k1', type: random.pick(['int4', 'text'] as const) },
        { name: 'k2', type: 'text' },
        { name: 'n', type: 'int4' },
        { name: 't', type: 'text' },
        { name: 'flag', type: 'bool' },
        { name: 'Amount', type: 'numeric' },
        { name: 'at', type: 'timestamptz' },
        { name: 'tags', type: 'text[]' },
        // Long values are stored out of line, and not sent again when they do not change.
        { name: 'long', type: 'text' },
      ],
      shapes: [],
    }
    table.shapes = Array.from({ length: shapesPerTable }, (_unused, n) => randomShape(random, table, n === 0))
    return table
  })
}

function randomShape(random: Random, table: WorldTable, isWhole: boolean): WorldShape {
  const shape: WorldShape = { table, where: null, params: [], columns: null, replica: random.pick(['default', 'full']) }
  if (isWhole) return shape
  shape.where = randomCondition(random, 2, shape.params)
  if (random.chance(0.3)) shape.columns = [...table.key, 't', 'n']
  return shape
}

function randomCondition(random: Random, depth: number, params: string[]): string {
  if (depth > 0 && random.chance(0.45)) {
    const left = randomCondition(random, depth - 1, params)
    if (random.chance(0.2)) return `NOT (${left})`
    return `(${left} ${random.pick(['AND', 'OR'])} ${randomCondition(random, depth - 1, params)})`
  }
  return random.pick([
    () => `n ${random.pick(['=', '<>', '<', '>=', '>'])} ${VALUES.int4(random)}`,
    () => `n IN (${VALUES.int4(random)}, ${VALUES.int4(random)}, ${VALUES.int4(random)})`,
    () => `t = ${VALUES.text(random)}`,
    () => `t IN ('a', 'b')`,
    () => `t IS ${random.pick(['', 'NOT '])}NULL`,
    () => 'flag',
    () => `k2 = $${String(params.push(random.pick(WORDS)))}`,
    () => `at >= '2026-01-03T00:00:00Z'`,
  ])()
}

/** Creates the tables; wide values are pushed out of line at once. */
export function createTableSql(table: WorldTable): string {
  const name = sqlName(table.name)
  const columns = table.columns.map(
    (column) => `${sqlName(column.name)} ${column.type}${table.key.includes(column.name) ? ' NOT NULL' : ''}`,
  )
  return `CREATE TABLE ${name} (${columns.join(', ')}, PRIMARY KEY (${table.key.map(sqlName).join(', ')}));
    ALTER TABLE ${name} ALTER COLUMN long SET STORAGE EXTERNAL`
}

/** One random statement that changes rows. */
export function randomStatement(random: Random, table: WorldTable): string {
  const name = sqlName(table.name)
  const some = `n ${random.pick(['=', '<', '>'])} ${VALUES.int4(random)}`
  const roll = random.next()
  if (roll < 0.45) {
    const rows = Array.from(
      { length: 1 + random.below(4) },
      () => `(${table.columns.map((c) => randomValue(random, table, c)).join(', ')})`,
    )
    return `INSERT INTO ${name} VALUES ${rows.join(', ')} ON CONFLICT DO NOTHING`
  }
  if (roll < 0.75) {
    const column = random.pick(table.columns.filter((candidate) => !table.key.includes(candidate.name)))
    return `UPDATE ${name} SET ${sqlName(column.name)} = ${randomValue(random, table, column)} WHERE ${some}`
  }
  if (roll < 0.85) {
    const column = random.pick(table.columns.filter((candidate) => table.key.includes(candidate.name)))
    return `UPDATE ${name} SET ${sqlName(column.name)} = ${randomValue(random, table, column)} WHERE ctid IN (SELECT ctid FROM ${name} WHERE ${some} LIMIT 1)`
  }
  return `DELETE FROM ${name} WHERE ${some} AND ${random.pick(['flag', 't IS NULL', 'true'])}`
}

function randomValue(random: Random, table: WorldTable, column: WorldTable['columns'][number]): string {
  const isKey = table.key.includes(column.name)
  if (column.name === 'long' && random.chance(0.5)) return `repeat('${random.pick(WORDS.slice(0, 3))}', 9000)`
  if (isKey && column.type === 'int4') return String(random.below(40))
  return !isKey && random.chance(0.2) ? 'NULL' : VALUES[column.type](random)
}

export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
