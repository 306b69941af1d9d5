import type { Table } from '../postgres/table'
import type { Router } from '../shapes/router'
import { decodePgoutput, PgoutputError } from './pgoutput'
import type { PgoutputMessage, Relation, Tuple } from './pgoutput'

/** The stream carries changes that cannot be turned into messages; the slot cannot be read any further. */
export class UnusableStreamError extends Error {}

/** A message the feed could not take at once. */
interface Held {
  bytes: Buffer
  endLsn: bigint
}

export interface FeedOptions {
  router: Router
  /** Looks up a relation's place among partitioned tables. */
  inspect: (oid: number) => Promise<Table | null>
  /** A transaction was applied whole, and its readers told; `endLsn` is behind its commit record. */
  onCommit: (endLsn: bigint, committedAtMs: number) => void
  onRelation: (relation: Relation) => void
  onError: (error: unknown) => void
  /** Messages have to wait (or may come again): the connection should not read on meanwhile. */
  onHold: (isHolding: boolean) => void
}

/**
 * Turns pgoutput messages into calls on the router, one transaction after the other. It stops taking messages only while a partition it
 * has not met is looked up; what arrives meanwhile is held in order.
 */
export class Feed {
  private readonly relations = new Map<number, Relation>()
  /** For each relation: itself and the partitioned tables above it. */
  private readonly targets = new Map<number, number[]>()
  private held: Held[] | null = null
  private isBroken = false

  constructor(private readonly options: FeedOptions) {}

  /** Takes one pgoutput message that starts at `at`; the bytes are only valid during the call. */
  take(bytes: Buffer, at: number, endLsn: bigint): void {
    if (this.isBroken) return
    if (this.held) {
      this.held.push({ bytes: Buffer.from(bytes.subarray(at)), endLsn })
      return
    }
    try {
      this.apply(decodePgoutput(bytes, at))
    } catch (error) {
      this.break(error)
    }
  }

  /** Whether messages wait to be applied. */
  get isHolding(): boolean {
    return this.held !== null
  }

  /** Ends the feed: the transaction under way will be sent again on another connection. */
  stop(): void {
    this.isBroken = true
    this.held = null
    this.options.router.abort()
  }

  private apply(message: PgoutputMessage): void {
    const { router } = this.options
    switch (message.kind) {
      case 'begin':
        return router.begin(message.xid, message.commitLsn)
      case 'commit':
        router.commit()
        return this.options.onCommit(message.endLsn, message.committedAtMs)
      case 'relation':
        return this.learn(message)
      case 'insert':
        return router.change(this.relation(message.oid), this.targetsOf(message.oid), {
          kind: 'insert',
          new: message.new,
        })
      case 'update': {
        const targets = this.targetsOf(message.oid)
        // Nobody follows it: its identity is its owner's business, only its place in the transaction counts.
        if (message.old === null || message.oldIsKeyOnly) {
          if (router.follows(targets)) throw notFull(this.relation(message.oid))
          return router.change(this.relation(message.oid), [], { kind: 'insert', new: message.new })
        }
        fillToast(message.new, message.old)
        return router.change(this.relation(message.oid), targets, {
          kind: 'update',
          old: message.old,
          new: message.new,
        })
      }
      case 'delete': {
        const targets = this.targetsOf(message.oid)
        if (message.oldIsKeyOnly && router.follows(targets)) throw notFull(this.relation(message.oid))
        const isUsable = !message.oldIsKeyOnly
        return router.change(this.relation(message.oid), isUsable ? targets : [], { kind: 'delete', old: message.old })
      }
      case 'truncate':
        return router.truncate(message.oids.flatMap((oid) => this.targetsOf(oid)))
      case 'other':
    }
  }

  private learn(relation: Relation): void {
    // Sent again after every ALTER TABLE, also where what it says stays as it was (NOT NULL, lengths).
    this.options.onRelation(relation)
    const before = this.relations.get(relation.oid)
    if (before && isSameRelation(before, relation)) return
    this.relations.set(relation.oid, relation)
    if (this.targets.has(relation.oid)) return
    this.held = []
    this.options.onHold(true)
    this.options
      .inspect(relation.oid)
      .then((table) => {
        this.targets.set(relation.oid, [relation.oid, ...(table?.ancestors ?? [])])
        this.release()
      })
      .catch((error: unknown) => this.break(error))
  }

  private release(): void {
    const held = this.held ?? []
    this.held = null
    this.options.onHold(false)
    for (const [i, { bytes, endLsn }] of held.entries()) {
      this.take(bytes, 0, endLsn)
      if (this.isWaiting()) {
        this.held = [...(this.held ?? []), ...held.slice(i + 1)]
        return
      }
    }
  }

  private isWaiting(): boolean {
    return this.held !== null
  }

  private relation(oid: number): Relation {
    const relation = this.relations.get(oid)
    if (!relation) throw new PgoutputError(`a change of an unknown relation ${String(oid)}`)
    return relation
  }

  private targetsOf(oid: number): number[] {
    return this.targets.get(oid) ?? [oid]
  }

  private break(error: unknown): void {
    // What was stopped has a follower, whom its late troubles must not end.
    if (this.isBroken) return
    this.isBroken = true
    this.options.onError(error)
  }
}

function isSameRelation(a: Relation, b: Relation): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Unchanged TOASTed values are not sent again; under REPLICA IDENTITY FULL the old row has them. */
function fillToast(row: Tuple, old: Tuple): void {
  for (let i = 0; i < row.length; i++) if (row[i] === undefined) row[i] = old[i] ?? null
}

function notFull(relation: Relation): UnusableStreamError {
  return new UnusableStreamError(
    `"${relation.schema}"."${relation.name}" does not have REPLICA IDENTITY FULL: run ALTER TABLE "${relation.schema}"."${relation.name}" REPLICA IDENTITY FULL`,
  )
}
