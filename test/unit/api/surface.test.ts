import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toProblem } from '../../../api/problem.js'
import { errorCodes, PromotionError } from '../../../src/domain/errors.js'
import { people } from './governance-set.js'
import { openWorld, type World } from './world.js'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

test('whoami says what owners file and token together allow', async () => {
  const all = await (await world.get('/v1/whoami', 'chi')).json()
  expect(all).toMatchObject({ id: people.chi, kind: 'person', scopes: ['sign', 'audit'] })
  const narrowed = await (await world.get('/v1/whoami', 'chi+audit+govern')).json()
  expect(narrowed).toMatchObject({ scopes: ['audit'] })
  expect((await world.ask('GET', '/v1/whoami')).status).toBe(401)
})

test('the read model is folded again only by whoever operates, and it is the same', async () => {
  await world.request()
  const id = await world.request({ model: 'ward-forecast' })
  expect((await world.post('/v1/read-model/rebuild', 'mira', {})).status).toBe(403)
  const response = await world.ask('POST', '/v1/read-model/rebuild', { as: 'gus' })
  expect(await response.json()).toMatchObject({ promotions: 2, aside: 0, isEqual: true })
  expect(await world.detail(id)).toMatchObject({ state: 'promoted' })
})

test.each([
  ['DELETE', '/v1/promotions', 'GET, HEAD, POST'],
  ['GET', '/v1/promotions/prm_00000000000000000000000000000000/sign-offs', 'POST'],
  ['PUT', '/healthz', 'GET, HEAD'],
])('%s %s is refused with what is allowed', async (method, path, allow) => {
  const response = await world.ask(method, path, { as: 'mira' })
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
})

test.each(['/v2', '/v1/none', '/v1/promotions/x/y/z'])('%s is not there', async (path) => {
  const response = await world.ask('GET', path, { as: 'mira' })
  expect([response.status, await response.json()]).toMatchObject([404, { code: 'NOT_FOUND' }])
})

test('health, readiness and figures need no token and name nobody', async () => {
  await world.request()
  expect(await (await world.ask('GET', '/healthz')).json()).toEqual({ ok: true })
  expect(await (await world.ask('GET', '/readyz')).json()).toMatchObject({ ready: true })
  await world.post('/v1/promotions', 'ana', world.wanted)
  const text = await (await world.ask('GET', '/metrics')).text()
  expect(text).toContain('countersign_problems_total{code="NOT_ALLOWED"} 1')
  expect(text).toContain('countersign_read_model_lag_events 0')
  expect(text).toContain('route="/v1/promotions"')
  expect(text).not.toContain('prm_')
})

test('a part that is down is named', async () => {
  world.fake.isDown = true
  const response = await world.ask('GET', '/readyz')
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { ready: false, parts: [{ ready: true }, { name: 'temporal', ready: false }, {}, {}] },
  ])
})

test('no answer may be kept, framed or guessed at', async () => {
  for (const path of ['/', '/v1/whoami', '/v1/none']) {
    const { headers } = await world.ask('GET', path, { as: 'mira' })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
})

test('the first page names the version and the document', async () => {
  const page = await (await world.ask('GET', '/')).text()
  expect(page).toContain('0.0.0-test')
  expect(page).toContain('/openapi.json')
})

test.each(errorCodes)('%s has a status, and shows nothing when it is ours to mend', (code) => {
  const { body } = toProblem(new PromotionError(code, 'what is wrong'), 'request-1')
  expect(body.status).toBeGreaterThanOrEqual(400)
  expect(body.detail === 'what is wrong').toBe(body.status !== 500)
})

interface Document {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, unknown>; security?: unknown }>
  >
  readonly components: { readonly schemas: Record<string, object> }
}

test('the document names every problem of every call, and what needs a token', async () => {
  const document = (await (await world.ask('GET', '/openapi.json')).json()) as Document
  expect(document.openapi).toBe('3.1.0')
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  expect(operations.length).toBe(21)
  for (const { path, operation } of operations) {
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['403', '500']))
    expect([path, operation.security !== undefined]).toEqual([path, path.startsWith('/v1')])
  }
})

test('what is answered has the shape that the document says', async () => {
  const document = (await (await world.ask('GET', '/openapi.json')).json()) as Document
  const ajv = new Ajv2020({ strict: false })
  ajv.addSchema({ $id: 'doc', components: document.components })
  const id = await world.request()
  await world.sign(id, 'ana', 'model-risk')
  await world.sign(id, 'ana', 'model-risk', { decisionDigest: `sha256:${'1'.repeat(64)}` })
  await world.request({ model: 'ward-forecast' })
  const answers = [
    ['Promotion', `/v1/promotions/${id}`],
    ['PromotionPage', '/v1/promotions'],
    ['Inbox', '/v1/inbox'],
    ['Why', '/v1/models/ward-forecast/environments/production'],
    ['CheckReport', `/v1/promotions/${id}/checks/scan`],
    ['WhoAmI', '/v1/whoami'],
    ['Problem', '/v1/promotions/prm_x'],
  ] as const
  for (const [shape, path] of answers) {
    const validate = ajv.compile({ $ref: `doc#/components/schemas/${shape}` })
    validate(await (await world.get(path, 'chi')).json())
    expect([path, validate.errors]).toEqual([path, null])
  }
})
