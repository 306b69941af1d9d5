import type { Shape } from '../shapes/shape'
import type { Position } from '../storage/position'
import type { HeaderList } from './headers'
import { parseShapeRequest } from './params'
import type { Parsed, ShapeRequest } from './params'
import { readSubset } from './subset-params'
import type { SubsetRequest } from './subset-params'

/** What a request on /v1/shape asks, read from its parameters. */
export interface Asked {
  secret: string | null
  handle: string | null
  request: Parsed<ShapeRequest>
  subset: Parsed<SubsetRequest | null>
  /** The parameters that define a shape, as they were written: equal text needs no second look. */
  definitionKey: string
  /** What was answered last to a live request, for the others who asked the same. */
  answer: LiveAnswer | null
}

/** A short answer to a live request, good for as long as the log ends where it did. */
export interface LiveAnswer {
  shape: Shape
  logEnd: Position
  headers: HeaderList
  body: string
}

/** Reads the parameters of a request and, for POST, its body. */
export function readAsked(given: URLSearchParams, body: { [key: string]: unknown } | null): Asked {
  const query = lastOfEach(given)
  return {
    secret: query.get('secret') ?? query.get('api_secret'),
    handle: query.get('handle'),
    request: parseShapeRequest(query),
    subset: readSubset(query, body),
    definitionKey: definitionKey(query),
    answer: null,
  }
}

/** Of parameters that are given twice the last counts, as in production: a proxy that appends its own must have its way. */
export function lastOfEach(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...new Map(query)])
}

const ENTRIES_MAX = 64
const TEXT_CHARS_MAX = 4096

/**
 * The questions asked last. All who follow a shape ask the same one after each change, to the letter (Electric's clients sort their
 * parameters so that a CDN can join them), and it is read once for all of them.
 */
export class RecentlyAsked {
  private readonly byText = new Map<string, Asked>()

  /** `text`: a query without its question mark. */
  read(text: string): Asked {
    const known = this.byText.get(text)
    if (known) return known
    const asked = readAsked(new URLSearchParams(text), null)
    if (text.length > TEXT_CHARS_MAX) return asked
    if (this.byText.size >= ENTRIES_MAX) {
      const oldest = this.byText.keys().next().value
      if (oldest !== undefined) this.byText.delete(oldest)
    }
    this.byText.set(text, asked)
    return asked
  }
}

const DEFINITION_PARAMS = ['table', 'where', 'columns', 'queryable_columns', 'replica', 'log']

function definitionKey(query: URLSearchParams): string {
  let key = ''
  for (const [name, value] of query) {
    if (DEFINITION_PARAMS.includes(name) || name.startsWith('params[')) key += `${name}=${value}\n`
  }
  return key
}
