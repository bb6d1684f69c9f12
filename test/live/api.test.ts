import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { observeAliases } from '../../activities/observe-aliases.js'
import { createApp } from '../../api/app.js'
import { createTemporalPromotions } from '../../api/temporal.js'
import { parseBundle, verifyBundleShape } from '../../evidence/read-bundle.js'
import { createReadModel, type ReadModel } from '../../read-model/read-model.js'
import { promotionStream } from '../../src/contract.js'
import { isEnded } from '../../src/domain/promotion.js'
import { openHouse, people, type House } from './support/house.js'

const issuer = 'http://localhost:8413'

let house: House
let readModel: ReadModel
let app: ReturnType<typeof createApp>
const stop = new AbortController()

beforeAll(async () => {
  house = await openHouse()
  await observeAliases(house.workerDeps)
  const recorder = house.texts
  readModel = createReadModel({ log: recorder, texts: recorder })
  await readModel.start(stop.signal)
  app = createApp({
    version: '0.0.0-test',
    installation: house.installation.id,
    development: true,
    developmentIssuer: issuer,
    // Whose token it is has tests of its own; here each token is a subject.
    verifier: {
      verify: async (subject) => ({ issuer, subject, scopes: null, expiresAt: Infinity }),
    },
    readModel,
    log: recorder,
    texts: recorder,
    notes: recorder,
    evidence: house.evidence,
    promotions: createTemporalPromotions({ client: house.client }),
    signer: house.apiSigner,
    saltKey: Buffer.alloc(32, 3),
    publicKeys: [],
    personKey: async () => null,
    logger: pino({ level: 'silent' }),
    now: () => Date.now(),
  })
}, 120_000)

afterAll(async () => {
  stop.abort()
  await house?.close()
})

const ask = (method: string, path: string, as: string, body?: object, key?: string) =>
  app.request(`http://localhost${path}`, {
    method,
    headers: {
      authorization: `Bearer ${as}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })

async function until(id: string, isSo: (phase: string) => boolean): Promise<void> {
  const state = () => readModel.now().promotions.get(id)?.state
  for (let now = state(); !isSo(now?.phase ?? ''); now = state()) {
    const isThere = await readModel.passed(promotionStream(id), (now?.nextSeq ?? 0) + 1, 60_000)
    expect(isThere).toBe(true)
  }
}

const wanted = { model: 'diabetes-risk', version: '1', reason: 'It is better.' }

test('a version that is not there is 404, and may be asked for again with the same key', async () => {
  for (let i = 0; i < 2; i += 1) {
    const none = { ...wanted, version: '99' }
    const response = await ask('POST', '/v1/promotions', 'mira', none, 'none-key-1')
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { code: 'MODEL_NOT_FOUND' },
    ])
  }
}, 60_000)

test('a promotion goes from request to alias over the API alone, on a real Temporal', async () => {
  const asked = await ask('POST', '/v1/promotions', 'mira', wanted, 'mira-key-1')
  expect(asked.status).toBe(201)
  const opened = (await asked.json()) as { id: string }
  const { id } = opened
  const again = await ask('POST', '/v1/promotions', 'mira', wanted, 'mira-key-1')
  expect(await again.json()).toEqual(opened)
  const other = await ask('POST', '/v1/promotions', 'mira', wanted, 'mira-key-2')
  expect([other.status, await other.json()]).toMatchObject([409, { promotion: id }])

  await until(id, (phase) => phase === 'awaiting-sign-off')
  const stale = `sha256:${'0'.repeat(64)}`
  const path = `/v1/promotions/${id}`
  const late = { seat: 'model-risk', decisionDigest: stale, verdict: 'approve', reason: 'Good.' }
  const refused = await ask('POST', `${path}/sign-offs`, 'ana', late, 'stale-key-1')
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { code: 'DIGEST_OUT_OF_DATE', changes: [expect.any(String)] },
  ])

  for (const [as, seat] of [
    ['ana', 'model-risk'],
    ['bo', 'clinical-safety'],
  ] as const) {
    const detail = (await (await ask('GET', path, as)).json()) as {
      seats: { id: string; decisionDigest: string }[]
    }
    const { decisionDigest } = detail.seats.find((one) => one.id === seat) ?? {}
    const body = { seat, decisionDigest, verdict: 'approve', reason: 'Good.' }
    const signed = await ask('POST', `${path}/sign-offs`, as, body, `${as}-key-001`)
    expect(signed.status).toBe(200)
  }
  await until(id, (phase) => isEnded(phase as 'promoted'))

  const why = await ask('GET', '/v1/models/diabetes-risk/environments/production', 'ana')
  expect(await why.json()).toMatchObject({
    live: { version: '1', promotion: id },
    trail: { requestedBy: { id: people.mira }, decisions: [{}, {}, {}] },
  })
  const closed = await ask('POST', `${path}/cancel`, 'mira', { reason: 'Late.' }, 'late-key-1')
  expect([closed.status, await closed.json()]).toMatchObject([409, { code: 'WRONG_STATE' }])
  const history = (await (await ask('GET', `${path}/history`, 'eli')).json()) as {
    events: unknown[]
  }
  expect(history.events.length).toBeGreaterThan(10)
  const text = await (await ask('GET', `${path}/evidence?history=true`, 'eli')).text()
  expect(verifyBundleShape(text)).toEqual([])
  const bundle = parseBundle(text)
  expect(bundle.missing).toEqual([])
  expect(bundle.evidence.map(({ role }) => role)).toEqual(
    expect.arrayContaining(['attestation', 'result', 'clause', 'manifest']),
  )
  expect(await readModel.rebuild()).toMatchObject({ isEqual: true, aside: 0 })
}, 180_000)
