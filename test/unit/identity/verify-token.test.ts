import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose'
import type { CryptoKey } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTokenVerifier } from '../../../identity/verify-token.js'

const kid = 'k1'
const now = Math.floor(Date.now() / 1000)
const pair = await generateKeyPair('ES256', { extractable: true })
const stranger = await generateKeyPair('ES256')

let server: Server
let issuer: string

beforeAll(async () => {
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256', use: 'sig' }]
  server = createServer(({ url }, response) => {
    if (url === '/keys') return void response.end(JSON.stringify({ keys }))
    response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => void server.close())

const verifier = () => createTokenVerifier({ issuer, audience: 'us', algorithms: ['ES256'] })

interface Variation {
  /** undefined leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: { readonly kid?: string; readonly typ?: string }
  readonly key?: CryptoKey
}

function token({ claims = {}, header = {}, key = pair.privateKey }: Variation = {}) {
  const payload = { iss: issuer, aud: 'us', sub: 'bo', exp: now + 60, ...claims }
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header })
    .sign(key)
}

function byHand(header: object, signature: (input: string) => string): string {
  const claims = { iss: issuer, aud: 'us', sub: 'bo', exp: now + 60 }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${signature(input)}`
}

test.each<[string, string, () => Variation]>([
  ['expired', 'it has expired', () => ({ claims: { exp: now - 60 } })],
  ['without an end', 'it has no end', () => ({ claims: { exp: undefined } })],
  ['not valid yet', 'it is not valid yet', () => ({ claims: { nbf: now + 600 } })],
  ['of another issuer', 'another issuer', () => ({ claims: { iss: 'http://evil.test' } })],
  ['for another audience', 'another audience', () => ({ claims: { aud: 'them' } })],
  ['without an audience', 'another audience', () => ({ claims: { aud: undefined } })],
  ['without a subject', 'it names nobody', () => ({ claims: { sub: undefined } })],
  ['with an empty subject', 'it names nobody', () => ({ claims: { sub: '' } })],
  ['of an unknown key', 'no key of the issuer', () => ({ header: { kid: 'k2' } })],
  ['signed by a stranger', 'its signature is wrong', () => ({ key: stranger.privateKey })],
  ['of another type', 'not an access token', () => ({ header: { typ: 'logout+jwt' } })],
  ['with scopes that are no text', 'its scope', () => ({ claims: { scope: { sign: true } } })],
])('a token %s is refused, and the message does not hold it', async (_, reason, variation) => {
  const bearer = await token(variation())
  const refusal = await verifier()
    .verify(bearer)
    .catch((error: unknown) => error)
  expect(refusal).toMatchObject({ name: 'PromotionError', code: 'NOT_AUTHENTICATED' })
  expect(String(refusal)).toContain(reason)
  expect(String(refusal)).not.toContain(bearer.split('.')[1])
})

test('an unsigned token is refused', async () => {
  const bearer = byHand({ alg: 'none', typ: 'at+jwt' }, () => '')
  await expect(verifier().verify(bearer)).rejects.toThrow('its algorithm is not allowed')
})

test('a token signed with the public key as a shared secret is refused', async () => {
  const secret = await exportSPKI(pair.publicKey)
  const bearer = byHand({ alg: 'HS256', kid, typ: 'at+jwt' }, (input) =>
    createHmac('sha256', secret).update(input).digest('base64url'),
  )
  await expect(verifier().verify(bearer)).rejects.toThrow('its algorithm is not allowed')
})

test.each(['', 'x', 'a.b', 'a.b.c.d.e', 'a.b.c', `${'a'.repeat(20_000)}.b.c`])(
  'what is no token at all is refused (%#)',
  async (bearer) => {
    await expect(verifier().verify(bearer)).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' })
  },
)

test('a provider that does not answer is said to be at fault, not the token, and is asked again', async () => {
  const dead = createServer()
  dead.listen(0, '127.0.0.1')
  await once(dead, 'listening')
  const elsewhere = `http://127.0.0.1:${(dead.address() as AddressInfo).port}`
  dead.close()
  await once(dead, 'close')
  const options = { issuer: elsewhere, audience: 'us', algorithms: ['ES256'] }
  const { verify } = createTokenVerifier(options)
  const bearer = await token()
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(verify(bearer)).rejects.toMatchObject({
      code: 'WORKER_UNAVAILABLE',
      message: expect.stringContaining(elsewhere),
    })
  }
})

test('a discovery document of another issuer is not followed', async () => {
  const options = { issuer: `${issuer}/other`, audience: 'us', algorithms: ['ES256'] }
  await expect(createTokenVerifier(options).verify(await token())).rejects.toMatchObject({
    code: 'WORKER_UNAVAILABLE',
  })
})

test('a good token says who, for how long, and to what it is narrowed', async () => {
  const { verify } = verifier()
  expect(await verify(await token({ claims: { scope: 'sign audit' } }))).toEqual({
    issuer,
    subject: 'bo',
    scopes: ['sign', 'audit'],
    expiresAt: (now + 60) * 1000,
  })
  expect((await verify(await token())).scopes).toBeNull()
  expect((await verify(await token({ claims: { scope: '' } }))).scopes).toEqual([])
  expect((await verify(await token({ claims: { scp: ['sign'] } }))).scopes).toEqual(['sign'])
})
