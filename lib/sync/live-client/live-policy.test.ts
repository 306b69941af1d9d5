import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  FIRST_HOLD_SECONDS,
  FIRST_LINE_MS,
  GATHER_MS,
  HOLD_SECONDS,
  newPolicy,
  nextDeadline,
  nextPolicy,
  POLL_PATIENCE_MS,
  SILENCE_MS,
  STEADY_MS,
  type PolicyAction,
  type PolicyEvent,
  type PolicyState,
} from './live-policy'

const INTERVAL = 4_000

/** A policy on a clock of its own, driven by events and by the deadlines it names. */
class Run {
  now = 1_000_000
  state: PolicyState
  /** Everything done since the last look. */
  #done: PolicyAction[] = []

  constructor(isRealtime = true) {
    this.state = newPolicy(isRealtime, INTERVAL)
  }

  tell(event: PolicyEvent, random = 0): this {
    const { state, actions } = nextPolicy(this.state, event, { now: this.now, random })
    this.state = state
    this.#done.push(...actions)
    return this
  }

  /** Lets time pass, with a tick at each deadline on the way. */
  wait(ms: number): this {
    const end = this.now + ms
    let ticks = 0
    for (let due = nextDeadline(this.state); due !== null && due <= end; due = nextDeadline(this.state)) {
      if ((ticks += 1) > 100_000) throw new Error('it turns in a circle')
      this.now = Math.max(this.now, due)
      this.tell({ kind: 'tick' })
    }
    this.now = end
    return this
  }

  /** Lets time pass until a connection is asked for. */
  untilOpening(): this {
    for (let waits = 0; !this.state.opening; waits += 1) {
      expect(waits).toBeLessThan(1_000)
      this.wait((nextDeadline(this.state) ?? expect.unreachable('nothing is due')) - this.now)
    }
    return this
  }

  /** Lets polls answer one after another until a stream is tried. */
  untilProbe(): this {
    for (let polls = 0; this.state.opening?.mode !== 'stream'; polls += 1) {
      expect(polls).toBeLessThan(1_000)
      this.wait((this.state.opening?.holdSeconds ?? 0) * 1_000)
        .line()
        .end()
        .wait(0)
    }
    return this
  }

  want(): this {
    return this.tell({ kind: 'set-changed', isEmpty: false })
  }

  line(): this {
    const id = this.state.opening?.id ?? this.state.current?.id
    return this.tell({ kind: 'line', id: id ?? expect.unreachable('no connection') })
  }

  end(): this {
    return this.tell({ kind: 'ended', id: this.state.current?.id ?? expect.unreachable('no connection') })
  }

  fail(isServerReached = false, retryAfterMs = 0): this {
    const id = this.state.opening?.id ?? this.state.current?.id ?? expect.unreachable('no connection')
    return this.tell({ kind: 'failed', id, isServerReached, retryAfterMs })
  }

  /** What was done since the last look, in short. */
  done(): string[] {
    return this.#done.splice(0).map((action) => {
      switch (action.kind) {
        case 'open':
          return `open ${action.hold}`
        case 'close':
          return 'close'
        case 'tell-mode':
          return `mode ${action.mode}`
        case 'tell-failed':
          return action.isServerReached ? 'failed there' : 'failed'
        case 'tell-answered':
          return 'answered'
      }
    })
  }

  /** A stream that lives. */
  static streaming(): Run {
    const run = new Run().want().wait(GATHER_MS).line()
    run.done()
    return run
  }

  /** Long polls, because the stream is buffered. */
  static holding(): Run {
    const run = new Run().want().wait(GATHER_MS + FIRST_LINE_MS)
    run.done()
    return run
  }
}

describe('L2 a changed set is gathered and opened before the old connection closes', () => {
  test('L2 what is asked for within the gathering is one connection', () => {
    const run = new Run()
      .want()
      .wait(GATHER_MS - 1)
      .want()
    expect(run.done()).toEqual([])
    expect(run.wait(1).done()).toEqual(['open stream'])
    expect(run.wait(GATHER_MS).done()).toEqual([])
  })

  test('L2 the old stream is closed by the first line of the new one, not before', () => {
    const run = Run.streaming()
    expect(run.want().wait(GATHER_MS).done()).toEqual(['open stream'])
    expect(run.line().done()).toEqual(['close'])
    expect(run.wait(SILENCE_MS - 1).done()).toEqual([])
  })

  test('L2 a second change replaces the stream on its way and keeps the one that delivers', () => {
    const run = Run.streaming().want().wait(GATHER_MS)
    const { current } = run.state
    run.done()
    expect(run.want().wait(GATHER_MS).done()).toEqual(['close', 'open stream'])
    expect(run.state.current).toEqual(current)
  })

  test('L2 a long poll that others join is asked again with them', () => {
    const run = Run.holding().line()
    expect(run.want().wait(GATHER_MS).done()).toEqual(['close', `open ${FIRST_HOLD_SECONDS}`])
  })
})

describe('L3 a connection that says nothing for two heartbeats is over', () => {
  test('L3 silence ends a stream and opens another', () => {
    const run = Run.streaming().wait(SILENCE_MS - 1)
    expect(run.done()).toEqual([])
    expect(run.wait(1).done()).toEqual(['close', 'failed'])
    expect(run.wait(500).done()).toEqual(['open stream'])
  })

  test('L3 every line counts', () => {
    const run = Run.streaming()
    for (let n = 0; n < 5; n += 1) run.wait(SILENCE_MS - 1).line()
    expect(run.done()).toEqual([])
  })

  test('L3 a long poll has its time and some patience', () => {
    const run = Run.holding().wait(FIRST_HOLD_SECONDS * 1_000 + POLL_PATIENCE_MS)
    expect(run.done()).toEqual(['close', 'failed'])
  })
})

describe('L4 a stream that is buffered gives way to long polls', () => {
  test('L4 no first line in time: held for a little first, then for long', () => {
    const run = new Run().want().wait(GATHER_MS + FIRST_LINE_MS)
    expect(run.done()).toEqual(['open stream', 'close', 'mode hold', `open ${FIRST_HOLD_SECONDS}`])
    expect(
      run
        .wait(FIRST_HOLD_SECONDS * 1_000)
        .line()
        .end()
        .wait(0)
        .done(),
    ).toEqual(['answered', `open ${HOLD_SECONDS}`])
    expect(run.wait(100).line().end().wait(0).done()).toEqual(['answered', `open ${HOLD_SECONDS}`])
  })

  test('L4 slowness beside a stream that delivers is no sign of buffering', () => {
    const run = Run.streaming().want().wait(GATHER_MS)
    run.done()
    expect(run.wait(FIRST_LINE_MS * 2).done()).toEqual([])
  })
})

describe('L5 what fails again and again is replaced by what asks less', () => {
  test('L5 streams that fail give way to long polls, long polls to asking every so often', () => {
    const run = new Run().want()
    const modes: string[] = []
    for (let n = 0; n < 20 && run.state.mode !== 'interval'; n += 1) {
      run.untilOpening().fail()
      modes.push(...run.done().filter((each) => each.startsWith('mode')))
    }
    expect(modes).toEqual(['mode hold', 'mode interval'])
  })

  test('L5 a server that answers with an error is no reason to step down', () => {
    const run = new Run().want().wait(GATHER_MS)
    for (let n = 0; n < 10; n += 1) run.untilOpening().fail(true)
    expect(run.state.mode).toBe('stream')
  })

  test('L5 polls come one interval apart', () => {
    const run = new Run(false).want().wait(GATHER_MS).line().end()
    expect(run.done()).toEqual(['open 0', 'answered'])
    expect(run.wait(INTERVAL - 1).done()).toEqual([])
    expect(run.wait(1).done()).toEqual(['open 0'])
  })
})

describe('L6 it climbs back by itself', () => {
  /** Polls answer, streams do not, until `ms` have passed; returns when streams were tried. */
  function probes(run: Run, ms: number): number[] {
    const tried: number[] = []
    for (const end = run.now + ms; run.now < end;) {
      const { opening } = run.state
      if (opening?.mode === 'stream') {
        tried.push(run.now)
        run.wait(FIRST_LINE_MS)
      } else if (opening)
        run
          .wait((opening.holdSeconds ?? 0) * 1_000)
          .line()
          .end()
          .wait(0)
      else run.wait(100)
    }
    return tried
  }

  test('L6 a stream is tried again from time to time, ever more rarely', () => {
    const tried = probes(Run.holding(), 3_600_000)
    const gaps = tried.slice(1).map((at, n) => at - (tried[n] ?? 0))
    expect(gaps.length).toBeGreaterThan(4)
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b))
    expect(Math.max(...gaps)).toBeLessThan(660_000)
  })

  test('L6 a stream that speaks in time is the way from then on', () => {
    const run = Run.holding().line().end().wait(0).untilProbe()
    run.done()
    expect(run.line().done()).toEqual(['mode stream'])
    expect(run.wait(SILENCE_MS - 1).done()).toEqual([])
  })

  test('L6 after an outage the stream is tried as soon as anything answers', () => {
    const run = Run.holding().fail().wait(31_000).line().end().wait(0)
    expect(run.state.opening?.mode).toBe('stream')
  })

  test('L6 a failed try is no failure of the way that works', () => {
    const run = Run.holding().line().end().wait(0)
    run.untilProbe()
    run.done()
    expect(run.fail().wait(0).done()).toEqual(['close', `open ${HOLD_SECONDS}`])
    expect(run.state.failures).toBe(0)
  })
})

describe('L7 failures are tried again, later and later, and at once when something hints', () => {
  test('L7 the pauses grow to half a minute', () => {
    const run = new Run().want().wait(GATHER_MS)
    const pauses: number[] = []
    for (let n = 0; n < 12; n += 1) {
      const failedAt = run.now
      run.fail(true)
      pauses.push((run.state.openAt ?? 0) - failedAt)
      run.untilOpening()
    }
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(pauses.at(-1)).toBeLessThanOrEqual(30_000)
    expect(pauses[0]).toBeGreaterThan(0)
  })

  test('L7 retry-after is honoured, by those who join too', () => {
    const run = new Run().want().wait(GATHER_MS).fail(true, 60_000).want()
    run.done()
    expect(run.wait(59_999).done()).toEqual([])
    expect(run.wait(1).done()).toEqual(['open stream'])
  })

  test('L7 a hint tries at once', () => {
    const run = new Run().want().wait(GATHER_MS).fail()
    run.done()
    expect(run.tell({ kind: 'wake' }).wait(0).done()).toEqual(['open stream'])
  })

  test('L7 a stream that ends after a while is opened again at once, one that ends at once after a pause', () => {
    expect(Run.streaming().wait(STEADY_MS).end().wait(0).done()).toEqual(['open stream'])
    const run = Run.streaming().end()
    expect(run.wait(0).done()).toEqual([])
    expect(run.wait(500).done()).toEqual(['open stream'])
  })
})

describe('L9 signed out', () => {
  test('L9 everything is closed and nothing is opened until somebody asks', () => {
    const run = Run.streaming().want().wait(GATHER_MS)
    run.done()
    expect(run.tell({ kind: 'signed-out' }).done()).toEqual(['close', 'close'])
    expect(nextDeadline(run.state)).toBeNull()
    expect(run.want().wait(GATHER_MS).done()).toEqual(['open stream'])
  })
})

describe('L10 without realtime it polls', () => {
  test('L10 it never streams, whatever happens', () => {
    const run = new Run(false).want()
    for (let n = 0; n < 50; n += 1) {
      run.wait(INTERVAL)
      if (run.state.opening && n % 3 === 0) run.fail()
      else if (run.state.opening) run.line().end()
      run.tell({ kind: 'wake' })
    }
    expect(new Set(run.done())).not.toContain('open stream')
  })

  test('L10 switching it off ends the stream, switching it on opens one', () => {
    const run = Run.streaming()
    run.tell({ kind: 'configured', isRealtime: false, intervalMs: 1_000 })
    expect(run.wait(0).done()).toEqual(['close', 'mode interval', 'open 0'])
    run.line().end()
    run.done()
    expect(run.wait(1_000).done()).toEqual(['open 0'])
    run.tell({ kind: 'configured', isRealtime: true, intervalMs: 1_000 })
    expect(run.wait(0).done()).toEqual(['close', 'mode stream', 'open stream'])
  })
})

describe('L11 nobody wants anything', () => {
  test('L11 everything closes, and nothing waits for time to pass', () => {
    const run = Run.streaming().tell({ kind: 'set-changed', isEmpty: true })
    expect(run.done()).toEqual(['close'])
    expect(nextDeadline(run.state)).toBeNull()
  })
})

test('whatever happens, in any order, there is a way on: somebody who wants something always has a next step', () => {
  const event = fc.oneof(
    fc.constant('want' as const),
    fc.constant('line' as const),
    fc.constant('end' as const),
    fc.constant('fail' as const),
    fc.constant('refuse' as const),
    fc.constant('wake' as const),
    fc.constant('toggle' as const),
    fc.integer({ min: 0, max: 60_000 }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const run = new Run().want()
      const open = new Set<number>()
      let isRealtime = true
      for (const each of events) {
        const { opening, current } = run.state
        const id = opening?.id ?? current?.id
        if (typeof each === 'number') run.wait(each)
        else if (each === 'want') run.want()
        else if (each === 'wake') run.tell({ kind: 'wake' })
        else if (each === 'toggle')
          run.tell({ kind: 'configured', isRealtime: (isRealtime = !isRealtime), intervalMs: 1_000 })
        else if (id !== undefined && each === 'line') run.tell({ kind: 'line', id })
        else if (id !== undefined && each === 'end') run.tell({ kind: 'ended', id })
        else if (id !== undefined) run.tell({ kind: 'failed', id, isServerReached: each === 'refuse', retryAfterMs: 0 })
        open.clear()
        for (const connection of [run.state.opening, run.state.current]) if (connection) open.add(connection.id)
        expect(open.size).toBeLessThanOrEqual(2)
        expect(nextDeadline(run.state)).not.toBeNull()
        if (!isRealtime) expect(run.state.opening?.mode ?? 'interval').toBe('interval')
      }
    }),
  )
})
