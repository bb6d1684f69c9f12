import { expect, test } from 'vitest'
import { createMemoryLog } from '../../../recorder/memory-log.js'
import { roles, type Role } from '../../../recorder/roles.js'
import { createRecorderApp } from '../../../recorder/server.js'
import { createListeningLogger, event } from './helpers.js'

const tokenOf = (role: Role): string => `token-of-${role}`

function createApp() {
  const memory = createMemoryLog()
  const logger = createListeningLogger()
  const app = createRecorderApp({
    log: memory,
    texts: memory,
    notes: memory,
    tokens: roles.map((role) => ({ role, token: tokenOf(role) })),
    logger,
    stopping: new AbortController().signal,
    keepAliveMs: 20,
  })
  return { app, memory, logger }
}

interface Call {
  readonly role?: Role
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

async function call(path: string, { role, method = 'GET', body, headers = {} }: Call = {}) {
  const { app } = createApp()
  const authorization = role === undefined ? {} : { authorization: `Bearer ${tokenOf(role)}` }
  const response = await app.request(path, {
    method,
    headers: {
      host: '127.0.0.1:8412',
      'content-type': 'application/json',
      ...authorization,
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

const append = (stream: string, type = 'a') => ({
  method: 'POST',
  body: { stream, expectedSeq: 0, events: [event(type)] },
})

test.each(['evil.example', '127.0.0.1.evil.example', '10.0.0.7:8412', ''])(
  'refuses the Host name %j, whatever the token',
  async (host) => {
    const answer = await call('/size', { role: 'worker', headers: { host } })
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('NOT_ALLOWED') })
  },
)

test.each(['localhost', 'localhost:8412', '[::1]:8412', '127.0.0.1'])(
  'answers to the loopback name %j',
  async (host) => {
    expect(await call('/size', { role: 'worker', headers: { host } })).toMatchObject({
      status: 200,
    })
  },
)

test.each([
  ['no token', {}],
  ['an unknown token', { authorization: 'Bearer token-of-nobody' }],
  ['the beginning of a token', { authorization: 'Bearer token-of-worke' }],
  ['another scheme', { authorization: `Basic ${tokenOf('worker')}` }],
])('refuses %s everywhere but at /healthz', async (_, headers) => {
  for (const path of ['/size', '/streams?name=governance', '/follow', '/notes', '/nowhere']) {
    expect(await call(path, { headers })).toMatchObject({ status: 401 })
  }
  expect(await call('/healthz', { headers })).toMatchObject({ status: 200 })
})

test.each<[Role, string, string, boolean]>([
  ['api', 'promotion:prm_1', 'a', false],
  ['api', 'outside:m', 'a', false],
  ['observer', 'outside:m', 'a', false],
  ['release', 'promotion:prm_1', 'a', false],
  ['release', 'governance', 'a', false],
  ['release', 'alias:production:m', 'alias-moved', true],
  ['worker', 'alias:production:m', 'alias-moved', false],
  ['worker', 'alias:production:m', 'alias-intended', false],
  ['worker', 'alias:production:m', 'alias-observed', true],
  ['worker', 'promotion:prm_1', 'a', true],
  ['worker', 'promotion:prm_1', 'release-started', false],
  ['worker', 'promotion:prm_1', 'release-stopped', false],
  ['release', 'promotion:prm_1', 'release-started', true],
  ['worker', 'governance', 'a', true],
  ['worker', 'approval:production:m', 'a', true],
  ['worker', 'outside:m', 'a', true],
])('the role %s appending to %s the event %s: %s', async (role, stream, type, isAllowed) => {
  const answer = await call('/append', { role, ...append(stream, type) })
  expect(answer.status).toBe(isAllowed ? 200 : 403)
})

test('one forbidden event among allowed ones refuses the whole append', async () => {
  const { body } = append('alias:production:m', 'alias-observed')
  const events = [...body.events, event('alias-moved')]
  const answer = await call('/append', {
    role: 'worker',
    method: 'POST',
    body: { ...body, events },
  })
  expect(answer.status).toBe(403)
})

const digest = `sha256:${'0'.repeat(64)}`
const words = { salt: 'ab'.repeat(16), text: 'why' }

test.each<[Role, string, Call, number]>([
  ['observer', '/texts', { method: 'POST', body: words }, 403],
  ['release', '/texts', { method: 'POST', body: words }, 403],
  ['api', '/texts', { method: 'POST', body: words }, 201],
  ['worker', '/texts', { method: 'POST', body: words }, 201],
  ['observer', `/texts/${digest}`, {}, 403],
  ['release', `/texts/${digest}`, {}, 200],
  ['worker', `/texts/${digest}`, { method: 'DELETE' }, 403],
  ['api', `/texts/${digest}`, { method: 'DELETE' }, 404],
  ['api', '/notes', { method: 'PUT', body: { key: 'k', value: 1 } }, 403],
  ['worker', '/notes', { method: 'PUT', body: { key: 'k', value: 1 } }, 204],
  ['observer', '/notes', {}, 200],
])('the role %s at %s with %j is answered %i', async (role, path, request, status) => {
  expect((await call(path, { ...request, role })).status).toBe(status)
})

test.each<[string, string, Call, number, string]>([
  ['a body that is no JSON', '/append', { method: 'POST', body: '{"a"' }, 422, 'MALFORMED'],
  [
    'a field too many',
    '/append',
    { method: 'POST', body: { ...append('governance').body, x: 1 } },
    422,
    'MALFORMED',
  ],
  [
    'an oversized append',
    '/append',
    { method: 'POST', body: ' '.repeat(8_388_609) },
    413,
    'PAYLOAD_TOO_LARGE',
  ],
  [
    'an oversized note',
    '/notes',
    { method: 'PUT', body: ' '.repeat(524_289) },
    413,
    'PAYLOAD_TOO_LARGE',
  ],
  [
    'another content type',
    '/append',
    { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } },
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  ['a position that is none', '/follow?from=-1', {}, 422, 'MALFORMED'],
  ['a stream that is none', '/streams?name=orders', {}, 422, 'MALFORMED'],
  ['a digest that is none', '/texts/sha256:zz', {}, 422, 'MALFORMED'],
])('%s is a problem that names its code', async (_, path, request, status, code) => {
  const answer = await call(path, { ...request, role: 'worker' })
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.text)).toMatchObject({ status, code, type: 'about:blank' })
})

test('a bug is a 500 that tells nothing outside and its reason in the log', async () => {
  const { app, memory, logger } = createApp()
  memory.size = () => Promise.reject(new Error('secret detail'))
  const response = await app.request('/healthz', { headers: { host: 'localhost' } })
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('secret detail')
  expect(logger.lines.join()).toContain('secret detail')
})

test('a silent follow keeps sending blank lines', async () => {
  const { app } = createApp()
  const response = await app.request('/follow?from=0', {
    headers: { host: 'localhost', authorization: `Bearer ${tokenOf('observer')}` },
  })
  const reader = response.body?.getReader()
  for (let seen = 0; seen < 3; seen += 1) {
    const chunk = await reader?.read()
    expect(new TextDecoder().decode(chunk?.value)).toBe('\n')
  }
  await reader?.cancel()
})
