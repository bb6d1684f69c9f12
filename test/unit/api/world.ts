import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApp } from '../../../api/app.js'
import type { ApiDeps } from '../../../api/deps.js'
import { keyFingerprint, type Signer } from '../../../evidence/dsse.js'
import { createFileEvidenceStore } from '../../../evidence/store.js'
import type { TokenVerifier } from '../../../identity/verify-token.js'
import { createReadModel } from '../../../read-model/read-model.js'
import { createMemoryLog } from '../../../recorder/memory-log.js'
import { canonicalJson, type Json } from '../../../src/domain/canonical.js'
import { PromotionError } from '../../../src/domain/errors.js'
import type { GovernanceSet } from '../../../src/domain/policy.js'
import { isoOf } from '../../../src/domain/time.js'
import type { Outcome } from '../../../src/schema/check.js'
import { createFakePromotions } from './fake-promotions.js'
import { governanceSet, type Name } from './governance-set.js'

export const issuer = 'http://localhost:8413'
export const installation = 'ins_test0001'
export const startedAt = Date.UTC(2026, 10, 22, 20, 29)

/** `mira` is a token of hers; `mira+audit+sign` one that narrows her; `foreign/mira` is of an issuer that nobody here has. */
const verifier: TokenVerifier = {
  async verify(bearer) {
    const [who = '', ...scopes] = bearer.split('+')
    if (who === 'forged') throw new PromotionError('NOT_AUTHENTICATED', 'its signature is wrong')
    if (who === 'lost') throw new PromotionError('WORKER_UNAVAILABLE', 'no keys')
    const [subject = '', from] = who.split('/').toReversed()
    return {
      issuer: from === 'foreign' ? 'https://elsewhere.test' : issuer,
      subject,
      scopes: scopes.length > 0 ? scopes : null,
      expiresAt: startedAt + 3_600_000,
    }
  },
}

function newSigner(role: string): Signer & { publicKey: KeyObject; pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { key: privateKey, keyid: `${role}:${keyFingerprint(publicKey)}`, publicKey, pem }
}

export interface WorldOptions {
  readonly scan?: Outcome
  readonly set?: GovernanceSet | null
  readonly deps?: Partial<ApiDeps>
}

export interface Asking {
  readonly as?: string
  readonly key?: string | null
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** A whole API over a log in memory, with people of every kind. Time stands still until it is moved. */
export async function openWorld(options: WorldOptions = {}) {
  const clock = { now: startedAt }
  const stop = new AbortController()
  const log = createMemoryLog()
  const evidence = createFileEvidenceStore(mkdtempSync(join(tmpdir(), 'countersign-api-')))
  const [api, bo] = [newSigner('api'), newSigner('person')]
  const set = options.set === undefined ? governanceSet : options.set
  if (set) {
    const text = canonicalJson(JSON.parse(JSON.stringify(set)) as Json)
    const stored = await log.putText({ salt: 'ab'.repeat(32), text })
    const body = { digest: set.digest, sequence: set.sequence, set: stored }
    const seen = { type: 'governance-seen', at: isoOf(startedAt), person: null, body }
    await log.append('governance', 0, [seen])
  }
  const readModel = createReadModel({ log, texts: log })
  await readModel.start(stop.signal)
  const now = () => clock.now
  const keys = [api.publicKey, bo.publicKey]
  const fake = createFakePromotions({
    log,
    evidence,
    set: set ?? governanceSet,
    installation,
    now,
    keys,
    ...(options.scan && { scan: options.scan }),
  })
  const app = createApp({
    version: '0.0.0-test',
    installation,
    development: true,
    developmentIssuer: issuer,
    verifier,
    readModel,
    log,
    texts: log,
    notes: log,
    evidence,
    promotions: fake.port,
    signer: api,
    saltKey: Buffer.alloc(32, 3),
    publicKeys: [{ keyid: api.keyid, pem: api.pem }],
    personKey: async (keyid) => (keyid === bo.keyid ? bo.pem : null),
    logger: pino({ level: 'silent' }),
    now,
    patienceMs: 2000,
    ...options.deps,
  })

  const ask = (method: string, path: string, { as, key, body, headers }: Asking = {}) =>
    app.request(`http://localhost${path}`, {
      method,
      headers: {
        ...(as !== undefined && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(typeof key === 'string' && { 'idempotency-key': key }),
        ...headers,
      },
      ...(body !== undefined && {
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    })

  let counter = 0
  const post = (path: string, as: Name | (string & {}), body: unknown, key?: string | null) => {
    counter += 1
    return ask('POST', path, { as, body, key: key === undefined ? `key-${counter}-0000` : key })
  }
  const get = (path: string, as: Name | (string & {})) => ask('GET', path, { as })

  const wanted = { model: 'diabetes-risk', version: '1', reason: 'It is better in every group.' }
  const request = async (over: object = {}, as = 'mira', key?: string) => {
    const response = await post('/v1/promotions', as, { ...wanted, ...over }, key)
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
    return ((await response.json()) as { id: string }).id
  }
  const detail = async (id: string, as = 'eli') =>
    (await (await get(`/v1/promotions/${id}`, as)).json()) as Detail

  const digestOfSeat = async (id: string, seat: string) =>
    (await detail(id)).seats.find((one) => one.id === seat)?.decisionDigest ?? ''

  const sign = async (id: string, as: string, seat: string, over: object = {}, key?: string) =>
    post(
      `/v1/promotions/${id}/sign-offs`,
      as,
      {
        seat,
        decisionDigest: await digestOfSeat(id, seat),
        verdict: 'approve',
        reason: 'The figures are good.',
        ...over,
      },
      key,
    )

  return {
    app,
    log,
    readModel,
    fake,
    clock,
    evidence,
    api,
    bo,
    ask,
    post,
    get,
    request,
    detail,
    sign,
    wanted,
    digestOfSeat,
    close: () => stop.abort(),
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>

export interface Detail {
  readonly id: string
  readonly state: string
  readonly [key: string]: unknown
  readonly seats: readonly {
    readonly id: string
    readonly decisionDigest: string
    readonly filledBy: readonly { readonly person: { readonly id: string } }[]
    readonly [key: string]: unknown
  }[]
  readonly blockedBy: readonly { readonly condition: string; readonly remedy: string }[]
  readonly decisions: readonly { readonly act: string; readonly [key: string]: unknown }[]
}
