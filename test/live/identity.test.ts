import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIdentity } from '../../identity/server.js'
import type { RunningIdentity } from '../../identity/server.js'
import { identitySecretPath } from '../../identity/secret-file.js'
import { requestDevelopmentToken } from '../../identity/token.js'
import { createTokenVerifier } from '../../identity/verify-token.js'
import { loadIdentityKeys } from '../../src/main/identity-keys.js'

const people = [
  { id: 'per_00000001', subject: 'mira', name: 'Mira <b>', email: 'mira@example.test' },
  { id: 'per_00000002', subject: 'bo', name: 'Bo', email: 'bo@example.test' },
]

let home: string
let issuer: string
let running: RunningIdentity
let secretFile: string

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function start(): Promise<RunningIdentity> {
  const keys = await loadIdentityKeys(home)
  const redirectUris = ['http://localhost:8411/signed-in']
  return startIdentity({
    development: true,
    issuer,
    audience: 'countersign',
    people,
    redirectUris,
    ...keys,
  })
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-identity-'))
  secretFile = identitySecretPath(home)
  issuer = `http://localhost:${await freePort()}`
  running = await start()
})

afterAll(async () => {
  await running.close()
  rmSync(home, { recursive: true, force: true })
})

const verifier = () =>
  createTokenVerifier({ issuer, audience: 'countersign', algorithms: ['ES256'] })

/** By hand, since fetch does not let a Host header be chosen. */
async function statusOf(headers: Record<string, string>): Promise<number | undefined> {
  const path = '/.well-known/openid-configuration'
  const asked = request({ host: '127.0.0.1', port: running.port, path, headers }).end()
  const [response] = await once(asked, 'response')
  response.resume()
  return response.statusCode
}

test.each([
  ['the name of a foreign site', { host: 'evil.test' }],
  ['a name that only begins like ours', { host: 'localhost.evil.test' }],
  ['an address of the network', { host: '192.168.1.7:8413' }],
  ['a name that hides behind ours', { host: 'localhost@evil.test' }],
  ['x-forwarded-for', { 'x-forwarded-for': '10.0.0.1' }],
  ['x-forwarded-host', { 'x-forwarded-host': 'localhost' }],
  ['forwarded', { forwarded: 'for=10.0.0.1' }],
  ['via', { via: '1.1 proxy' }],
  ['the origin of another site', { origin: 'http://evil.test' }],
])('a request with %s is not answered', async (_, headers) => {
  expect(await statusOf({ host: 'localhost', ...headers })).toBe(400)
})

test('a request that names this machine is answered', async () => {
  for (const host of ['localhost', '127.0.0.1', '[::1]', `LOCALHOST:${running.port}`]) {
    expect(await statusOf({ host })).toBe(200)
  }
})

test('outside development, or off localhost, it does not start', async () => {
  const keys = await loadIdentityKeys(home)
  const options = { issuer, audience: 'countersign', people, ...keys }
  await expect(startIdentity({ ...options, development: false })).rejects.toThrow(
    'development only',
  )
  await expect(
    startIdentity({ ...options, issuer: 'http://0.0.0.0:8413', development: true }),
  ).rejects.toThrow('http://localhost:PORT')
})

test('without the secret nobody is anybody', async () => {
  const wrong = join(home, 'wrong')
  writeFileSync(wrong, randomBytes(32).toString('base64url'), { mode: 0o600 })
  await expect(
    requestDevelopmentToken({ issuer, secretFile: wrong, person: 'bo' }),
  ).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' })
})

test('a secret that others can read is not used', async () => {
  const open = join(home, 'open')
  writeFileSync(open, readFileSync(secretFile))
  chmodSync(open, 0o644)
  await expect(
    requestDevelopmentToken({ issuer, secretFile: open, person: 'bo' }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID', detail: { remedy: `chmod 600 ${open}` } })
})

test.each([
  ['somebody unknown', { person: 'eve' }],
  ['a scope that does not exist', { person: 'bo', scope: 'sign root' }],
])('a token for %s is refused', async (_, asked) => {
  await expect(requestDevelopmentToken({ issuer, secretFile, ...asked })).rejects.toMatchObject({
    code: 'NOT_AUTHENTICATED',
  })
})

test('whoever misspells a name is told where the names stand', async () => {
  const asked = requestDevelopmentToken({ issuer, secretFile, person: 'anna' })
  await expect(asked).rejects.toMatchObject({
    message: 'no token for anna: there is no such person, or the secret is not this server’s',
    detail: { remedy: expect.stringMatching(/subject in owners\.yaml.*COUNTERSIGN_HOME/) },
  })
})

test('a provider that is not there is named', async () => {
  const elsewhere = `http://localhost:${await freePort()}`
  await expect(
    requestDevelopmentToken({ issuer: elsewhere, secretFile, person: 'bo' }),
  ).rejects.toThrow(`does not answer at ${elsewhere}`)
})

test('keys and secret are for their owner only', () => {
  for (const file of [secretFile, join(home, 'identity', 'jwks.json')]) {
    expect(statSync(file).mode & 0o777).toBe(0o600)
  }
})

test('whoever holds the secret gets a token that verifies, for an hour', async () => {
  const { accessToken, expiresInSeconds } = await requestDevelopmentToken({
    issuer,
    secretFile,
    person: 'per_00000002',
  })
  expect(expiresInSeconds).toBe(3600)
  const verified = await verifier().verify(accessToken)
  expect(verified).toMatchObject({
    issuer,
    subject: 'bo',
    scopes: ['request', 'sign', 'operate', 'audit', 'govern'],
  })
  expect(Math.abs(verified.expiresAt - Date.now() - 3_600_000)).toBeLessThan(10_000)
})

test('a token may hold less', async () => {
  const { accessToken } = await requestDevelopmentToken({
    issuer,
    secretFile,
    person: 'bo',
    scope: 'audit',
  })
  expect((await verifier().verify(accessToken)).scopes).toEqual(['audit'])
})

test('a token outlives a restart of the provider', async () => {
  const { accessToken } = await requestDevelopmentToken({ issuer, secretFile, person: 'mira' })
  await running.close()
  running = await start()
  expect((await verifier().verify(accessToken)).subject).toBe('mira')
})

/** A browser in small: keeps cookies, follows redirects as long as they stay with the provider. */
function createBrowser() {
  const jar = new Map<string, string>()
  return async function visit(url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';')
      const at = pair.indexOf('=')
      jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const next = response.headers.get('location')
    if (next === null || !new URL(next, url).href.startsWith(issuer)) return response
    return visit(new URL(next, url).href)
  }
}

function authorizationUrl(verifierText: string): string {
  const query = new URLSearchParams({
    client_id: 'countersign-pages',
    redirect_uri: 'http://localhost:8411/signed-in',
    response_type: 'code',
    scope: 'openid profile email sign',
    code_challenge: createHash('sha256').update(verifierText).digest('base64url'),
    code_challenge_method: 'S256',
    state: 's1',
  })
  return `${issuer}/auth?${query.toString()}`
}

async function interactionUrl(visit: ReturnType<typeof createBrowser>, url: string) {
  const page = await visit(url)
  expect(page.status).toBe(200)
  return { url: page.url, text: await page.text() }
}

test('a browser shows the secret once, chooses a person, and comes back with a code for a token', async () => {
  const visit = createBrowser()
  const codeVerifier = randomBytes(32).toString('base64url')
  const page = await interactionUrl(visit, authorizationUrl(codeVerifier))
  expect(page.text).toContain('name="secret"')
  expect(page.text).toContain('Mira &lt;b&gt;')

  const refused = await visit(page.url, { person: 'bo', secret: 'guess' })
  expect(refused.status).toBe(403)

  const secret = readFileSync(secretFile, 'utf8').trim()
  const back = await visit(page.url, { person: 'bo', secret })
  const target = new URL(back.headers.get('location') ?? '')
  expect(target.origin + target.pathname).toBe('http://localhost:8411/signed-in')
  expect(target.searchParams.get('state')).toBe('s1')

  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'countersign-pages',
      redirect_uri: 'http://localhost:8411/signed-in',
      code: target.searchParams.get('code') ?? '',
      code_verifier: codeVerifier,
    }),
  })
  const { access_token: accessToken } = (await answer.json()) as { access_token: string }
  expect(await verifier().verify(accessToken)).toMatchObject({ subject: 'bo', scopes: ['sign'] })
})

test('a command line without a browser signs in by a device code', async () => {
  const asked = await fetch(`${issuer}/device/auth`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'countersign-cli', scope: 'openid audit' }),
  })
  const device = (await asked.json()) as Record<string, string>
  const visit = createBrowser()
  const field = (text: string, name: string) =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? ''

  const confirm = await interactionUrl(visit, device['verification_uri_complete'] ?? '')
  const shown = confirm.text.includes('op.deviceConfirmForm')
    ? confirm.text
    : await (
        await visit(`${issuer}/device`, {
          xsrf: field(confirm.text, 'xsrf'),
          user_code: device['user_code'] ?? '',
        })
      ).text()
  expect(shown).toContain(device['user_code'])
  const choose = await visit(`${issuer}/device`, {
    xsrf: field(shown, 'xsrf'),
    user_code: device['user_code'] ?? '',
    confirm: 'yes',
  })
  const secret = readFileSync(secretFile, 'utf8').trim()
  const done = await visit(choose.url, { person: 'mira', secret })
  expect(await done.text()).toContain('Signed in')

  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'countersign-cli',
      device_code: device['device_code'] ?? '',
    }),
  })
  const { access_token: accessToken } = (await answer.json()) as { access_token: string }
  expect(await verifier().verify(accessToken)).toMatchObject({
    subject: 'mira',
    scopes: ['audit'],
  })
})
