/** What a shape must know about its table. */

export interface TableColumn {
  name: string
  typeOid: number
  typeModifier: number
  /** `pg_type.typname` of the column's own type: `int4`, `_text`, `my_enum`, … */
  typeName: string
  /** Array dimensions as declared; 0 for other types (and for arrays of CREATE TABLE AS). */
  dimensions: number
  /** typname of an array's element type, null for other types. */
  elementType: string | null
  /** `b` base, `c` composite, `d` domain, `e` enum, … of the column's type (of the element type, for arrays). */
  typeKind: string
  /** Blank-padded (`char(n)`, also through a domain): a cast to text would strip the padding. */
  isPadded: boolean
  isNotNull: boolean
  /** Stored ones are published by Postgres 18 and later when the publication says so, virtual ones never. */
  generated: 'no' | 'stored' | 'virtual'
  /** Position in the primary key, from 0; null outside it. */
  pkIndex: number | null
}

export interface Table {
  oid: number
  schema: string
  name: string
  kind: 'ordinary' | 'partitioned'
  /** In attribute order, dropped ones left out. */
  columns: TableColumn[]
  /** Positions in `columns`, in index order; empty without a primary key. */
  pk: number[]
  /** oids of the partitioned tables above this one, nearest first. */
  ancestors: number[]
}

/** Positions of the columns that make up a row's key: the primary key, or every column without one. */
export function keyColumns(table: Table): number[] {
  return table.pk.length > 0 ? table.pk : table.columns.map((_, i) => i)
}

/** One entry of the `electric-schema` header. */
export function schemaEntry(column: TableColumn): Record<string, unknown> {
  const isArray = column.dimensions > 0 && column.elementType !== null
  const type = isArray ? column.elementType : column.typeName
  return {
    type,
    ...(isArray ? { dims: column.dimensions } : {}),
    ...typeModifierFields(type ?? '', column.typeModifier),
    ...(column.pkIndex === null ? {} : { pk_index: column.pkIndex }),
    ...(column.isNotNull ? { not_null: true } : {}),
  }
}

function typeModifierFields(type: string, modifier: number): Record<string, unknown> {
  if (modifier < 0) return {}
  switch (type) {
    case 'varchar':
    case 'text':
      return modifier > 4 ? { max_length: modifier - 4 } : {}
    case 'bpchar':
      return modifier > 4 ? { length: modifier - 4 } : {}
    case 'bit':
    case 'varbit':
      return { length: modifier }
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return { precision: modifier }
    case 'numeric': {
      const packed = modifier - 4
      // The scale is an 11-bit signed number since Postgres 15.
      return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 }
    }
    case 'interval':
      return intervalFields(modifier)
    default:
      return { type_mod: modifier }
  }
}

const INTERVAL_FIELDS: Record<number, string> = {
  [1 << 2]: 'YEAR',
  [1 << 1]: 'MONTH',
  [1 << 3]: 'DAY',
  [1 << 10]: 'HOUR',
  [1 << 11]: 'MINUTE',
  [1 << 12]: 'SECOND',
  [(1 << 2) | (1 << 1)]: 'YEAR TO MONTH',
  [(1 << 3) | (1 << 10)]: 'DAY TO HOUR',
  [(1 << 3) | (1 << 10) | (1 << 11)]: 'DAY TO MINUTE',
  [(1 << 3) | (1 << 10) | (1 << 11) | (1 << 12)]: 'DAY TO SECOND',
  [(1 << 10) | (1 << 11)]: 'HOUR TO MINUTE',
  [(1 << 10) | (1 << 11) | (1 << 12)]: 'HOUR TO SECOND',
  [(1 << 11) | (1 << 12)]: 'MINUTE TO SECOND',
}

function intervalFields(modifier: number): Record<string, unknown> {
  const precision = modifier & 0xffff
  const fields = INTERVAL_FIELDS[(modifier >> 16) & 0x7fff]
  return { ...(fields === undefined ? {} : { fields }), ...(precision === 0xffff ? {} : { precision }) }
}
