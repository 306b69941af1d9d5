import { randomUUID } from 'node:crypto'
import { NIGHT_SHIFT, NIGHT_SHIFT_SONGS } from '@/db/sample-ids'
import { writes, type Attack, type Expectation } from './attack'

/** Attacks on the doors themselves: envelopes, origins, sessions, bodies, strings. */
export function doorCorpus(): Attack[] {
  return [...brokenBodies(), ...foreignOrigins(), ...strangers(), ...hostileTexts(), ...hostileNames()]
}

const song = NIGHT_SHIFT_SONGS[0] ?? ''
const insert = (title: unknown, key: string = randomUUID()) => {
  return { id: randomUUID(), entity: 'songs', op: 'insert', key, values: { band_id: NIGHT_SHIFT, title } }
}
const refused = (...statuses: number[]): Expectation => ({ kind: 'refused', statuses })

function post(
  group: string,
  name: string,
  body: string,
  expect: Expectation,
  headers?: Record<string, string>,
): Attack {
  return {
    group,
    name,
    as: 'sarah',
    method: 'POST',
    path: '/api/writes',
    body,
    expect,
    ...(headers ? { headers } : {}),
  }
}

function brokenBodies(): Attack[] {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const wide = JSON.stringify({ writes: [insert('x'.repeat(2_200_000))] })
  const cases: [string, string, Expectation][] = [
    ['empty', '', refused(400)],
    ['not JSON', '{"writes": [', refused(400)],
    ['null', 'null', refused(400)],
    ['a list', '[]', refused(400)],
    ['a number', '1e309', refused(400)],
    ['no writes', '{"writes": []}', refused(400)],
    ['writes that are no list', '{"writes": {"0": 1, "length": 1}}', refused(400)],
    ['too many writes', JSON.stringify({ writes: Array.from({ length: 501 }, () => insert('x')) }), refused(400)],
    ['too large', wide, refused(413)],
    ['deep', deep, refused(400)],
    ['a deep write', `{"writes": [${deep}]}`, { kind: 'rejected', codes: ['invalid'] }],
    [
      'a deep value',
      `{"writes": [{"id":"${randomUUID()}","entity":"songs","op":"update","key":"${song}","patch":{"notes":${deep}}}]}`,
      { kind: 'rejected', codes: ['invalid'] },
    ],
    ['writes that are no objects', '{"writes": [null, 1, "x", [], true]}', { kind: 'rejected', codes: ['invalid'] }],
    ['a polluted envelope', `{"__proto__": {"writes": []}, "constructor": 1}`, refused(400)],
    ['a client that is no uuid', JSON.stringify({ clientId: "'; --", writes: [insert('x')] }), refused(400)],
    ['a schema from the future', JSON.stringify({ schema: 999_999, writes: [insert('x')] }), refused(503)],
    ['a schema that is none', JSON.stringify({ schema: '1; drop', writes: [insert('x')] }), refused(400)],
  ]
  return [
    ...cases.map(([name, body, expect]) => post('broken bodies', name, body, expect)),
    ...[
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json-patch+json',
      '',
    ].map((type) =>
      post('broken bodies', `sent as ${type || 'nothing'}`, JSON.stringify({ writes: [insert('x')] }), refused(415), {
        'content-type': type,
      }),
    ),
  ]
}

function foreignOrigins(): Attack[] {
  const origins = [
    'https://evil.example',
    'null',
    'http://127.0.0.1.evil.example',
    'file://',
    'javascript:alert(1)',
    'http://127.0.0.1:1',
  ]
  const paths: ['POST' | 'PATCH' | 'DELETE', string][] = [
    ['POST', '/api/writes'],
    ['POST', '/api/songs'],
    ['PATCH', `/api/songs/${song}`],
    ['DELETE', `/api/songs/${song}`],
    ['POST', '/api/presence'],
  ]
  return origins.flatMap((origin) =>
    paths.map(([method, path]): Attack => ({
      group: 'foreign origins',
      name: `${method} ${path.split('/')[2]} from ${origin}`,
      as: 'sarah',
      method,
      path,
      headers: { origin },
      body: JSON.stringify(path === '/api/writes' ? { writes: [insert('x')] } : insert('x').values),
      expect: refused(403),
    })),
  )
}

function strangers(): Attack[] {
  const body = JSON.stringify({ writes: [insert('x')] })
  const attack = (name: string, headers: Record<string, string>): Attack => ({
    group: 'strangers',
    name,
    as: null,
    method: 'POST',
    path: '/api/writes',
    headers,
    body,
    expect: refused(401),
  })
  return [
    attack('without a cookie', {}),
    attack('with an invented cookie', { cookie: 'next-auth.session-token=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' }),
    attack('with an empty cookie', { cookie: 'next-auth.session-token=' }),
    {
      ...writes('sarah', 'strangers', 'in the name of another', [], []),
      body: JSON.stringify({ userId: randomUUID(), writes: [insert('x')] }),
      expect: refused(401),
    },
    ...['/api/songs', '/api/presence'].map((path): Attack => ({
      ...attack(path, {}),
      path,
      body: JSON.stringify(insert('x').values),
    })),
  ]
}

/** Texts that try to be something else must come back as they went in. */
function hostileTexts(): Attack[] {
  const texts = {
    sql: `'; DROP TABLE songs; --`,
    'a dollar quote': `$$ || (select code from invites) || $$`,
    'a placeholder': '$1 ? :name %s {{7*7}} ${7*7}',
    'a backslash': `\\'; select 1; --\\`,
    markup: `<script>alert(1)</script><img src=x onerror=alert(1)>`,
    json: `{"$ne": null}`,
    'right to left': '\u202Eevil\u202C\u200B\uFEFF',
    combining: `Z\u0351\u0343\u0302${'\u0300'.repeat(50)}`,
    emoji: '👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿',
    'line separators': 'a\u2028b\u2029c\r\nd',
    'an array literal': '{"a","b",NULL}',
    time: 'infinity',
  }
  return Object.entries(texts).flatMap(([name, text]) => {
    const key = randomUUID()
    const stored = (column: string): Expectation => ({ kind: 'stored', table: 'songs', key, column, text })
    const update = {
      id: randomUUID(),
      entity: 'songs',
      op: 'update',
      key,
      patch: { notes: text, tags: [text] },
      base: { notes: null },
    }
    return [
      post('hostile texts', `${name} in a title`, JSON.stringify({ writes: [insert(text, key)] }), stored('title')),
      post('hostile texts', `${name} in prose and tags`, JSON.stringify({ writes: [update] }), stored('notes')),
    ]
  })
}

/** Names, ids and characters that no column can hold. */
function hostileNames(): Attack[] {
  const rejected: Expectation = { kind: 'rejected', codes: ['invalid'] }
  const values: [string, unknown][] = [
    ['NUL in a title', 'a\u0000b'],
    ['a lone surrogate', 'a\uD800b'],
    ['a number for a title', 7],
    ['an object for a title', { toString: 'x' }],
    ['blank', ' \u00A0\u2003'],
    ['too long', 'x'.repeat(201)],
  ]
  const names = [
    '__proto__',
    'constructor',
    'songs ',
    'SONGS',
    'songs; drop table songs',
    'pg_catalog.pg_authid',
    'users',
    'applied_writes',
    'ѕongs',
    'songs\u0000',
    '../songs',
    '%73ongs',
    '',
  ]
  const keys = [
    '',
    '1',
    "' or 1=1",
    '00000000-0000-0000-0000-00000000000g',
    `${song} `,
    song.replace('-', ''),
    `{${song}}`,
  ]
  const send = (name: string, write: unknown) =>
    post('hostile names', name, JSON.stringify({ writes: [write] }), rejected)
  return [
    ...values.map(([name, title]) => send(name, insert(title))),
    ...names.map((entity) => send(`entity ${JSON.stringify(entity)}`, { ...insert('x'), entity })),
    ...keys.map((key) => send(`key ${JSON.stringify(key)}`, insert('x', key))),
    ...keys.map((id) => send(`id ${JSON.stringify(id)}`, { ...insert('x'), id })),
    ...['upsert', 'INSERT', 'drop', '', null, 1].map((op) => send(`op ${String(op)}`, { ...insert('x'), op })),
    send('NUL in a tag', { id: randomUUID(), entity: 'songs', op: 'update', key: song, patch: { tags: ['a\u0000'] } }),
    send('a lone surrogate in a list', {
      id: randomUUID(),
      entity: 'setlists',
      op: 'insert',
      key: randomUUID(),
      values: { band_id: NIGHT_SHIFT, name: 'x', items: [{ id: randomUUID(), kind: 'note', text: '\uDC00' }] },
    }),
    send('NUL in a base', {
      id: randomUUID(),
      entity: 'songs',
      op: 'update',
      key: song,
      patch: { title: 'x' },
      base: { title: '\u0000' },
    }),
  ]
}
