import 'client-only'
import type { Fault } from './fault'

const CLIENT = 'lib/sync/live-client/live-client.ts'
const FEEDS = 'lib/sync/live-client/feeds.ts'
const POLICY = 'lib/sync/live-client/live-policy.ts'
const CLIENT_TEST = 'lib/sync/live-client/live-client.test.ts'
const FEEDS_TEST = 'lib/sync/live-client/feeds.test.ts'
const POLICY_TEST = 'lib/sync/live-client/live-policy.test.ts'

/** Faults of the live client (`live-client/SPEC.md`). */
export const LIVE_FAULTS: readonly Fault[] = [
  {
    id: 'L1',
    file: FEEDS,
    line: 'if (!isSamePlace(from, feed.place)) {',
    fault: 'if (from.handle !== feed.place.handle) {',
    test: FEEDS_TEST,
  },
  {
    id: 'L2',
    file: POLICY,
    line: "const isSucceeded = state.current?.mode === 'stream' && mode === 'stream'",
    fault: 'const isSucceeded = false',
    test: POLICY_TEST,
  },
  {
    id: 'L3',
    file: POLICY,
    line: "return mode === 'stream' ? heardAt + SILENCE_MS :",
    fault: "return mode === 'stream' ? heardAt + 10 * SILENCE_MS :",
    test: POLICY_TEST,
  },
  {
    id: 'L4',
    file: POLICY,
    line: "if (mode === 'stream') return isCovered ? SILENCE_MS : FIRST_LINE_MS",
    fault: "if (mode === 'stream') return SILENCE_MS",
    test: POLICY_TEST,
  },
  {
    id: 'L5',
    file: POLICY,
    line: 'const mode = event.isServerReached ? state.mode : modeAfter(',
    fault: 'const mode = modeAfter(',
    test: POLICY_TEST,
  },
  {
    id: 'L6',
    file: POLICY,
    line: "return now >= climbAt ? 'stream' : mode",
    fault: 'return mode',
    test: POLICY_TEST,
  },
  {
    id: 'L7',
    file: POLICY,
    line: 'const openAt = at.now + backoffMs(failures, at.random, event.retryAfterMs)',
    fault: 'const openAt = at.now + backoffMs(failures, at.random)',
    test: POLICY_TEST,
  },
  {
    id: 'L8',
    file: CLIENT,
    line: "if (verdict.kind !== 'error') return this.#failed(id, false, 0)",
    fault: "if (verdict.kind !== 'error') return this.#endAll(response.status, { code: 'internal', message: '' })",
    test: CLIENT_TEST,
  },
  {
    id: 'L9',
    file: CLIENT,
    line: 'if (line.status === STATUS_BY_CODE.signed_out) return this.#signedOut(line)',
    fault: '',
    test: CLIENT_TEST,
  },
  {
    id: 'L10',
    file: POLICY,
    line: "  if (!isRealtime) return 'interval'\n  return now >= climbAt",
    fault: '  return now >= climbAt',
    test: POLICY_TEST,
  },
  {
    id: 'L11',
    file: FEEDS,
    line: 'isChanged ||= !feed.isEnded',
    fault: 'isChanged ||= feed.isEnded',
    test: FEEDS_TEST,
  },
  {
    id: 'L12',
    file: CLIENT,
    line: 'for (const reject of this.#rejections.values()) reject(aborted())',
    fault: '',
    test: CLIENT_TEST,
  },
]
