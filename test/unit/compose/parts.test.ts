import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadGovernance } from '../../../governance/load.js'
import { loadTokens } from '../../../recorder/tokens.js'
import { loadConfig } from '../../../src/config.js'
import { settings } from '../../../src/config/settings.js'
import { searchAttributes } from '../../../src/contract.js'
import { loadInstallation, readPrivateKey } from '../../../src/main/installation.js'
import { retentionDays } from '../../../src/main/temporal/prepare.js'
import { searchAttributeTypes } from '../../../src/main/temporal/search-attributes.js'
import { compose, parts, serviceOf } from './compose-file.js'

const home = '/var/lib/countersign'
const dexConfig = parse(readFileSync('deploy/dex/config.yaml', 'utf8')) as {
  issuer: string
  staticClients: { id: string }[]
  staticPasswords: { email: string; userID: string; hash: string }[]
}

let folder: string
let secrets: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-compose-'))
  secrets = join(folder, 'secrets')
  execFileSync(process.execPath, ['deploy/make-secrets.js', secrets])
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A home as a container of this service finds it. */
function homeOf(name: string): string {
  const { secrets: held, configs } = serviceOf(name)
  const place = join(folder, `home-${name}`)
  for (const { source, target } of [...held, ...configs]) {
    if (!target.startsWith(`${home}/`)) continue
    const { file = '' } = compose.secrets[source] ?? compose.configs[source] ?? {}
    const here = join(place, target.slice(home.length))
    mkdirSync(dirname(here), { recursive: true })
    cpSync(join(secrets, basename(file)), here)
  }
  return place
}

test.each(parts)('the settings of %s exist and stand together', (name) => {
  const { environment } = serviceOf(name)
  const unknown = Object.keys(environment).filter(
    (key) => key.startsWith('COUNTERSIGN_') && !(key in settings.shape),
  )
  expect(unknown).toEqual([])
  if (name === 'recorder') return
  const config = loadConfig({ ...environment, COUNTERSIGN_HOME: home })
  expect(config.development).toBe(false)
  expect(config.temporal).toEqual({ kind: 'existing' })
  expect(config.oidc.issuer).toBe(dexConfig.issuer)
  expect(dexConfig.staticClients.map(({ id }) => id)).toContain(config.oidc.audience)
})

test('the recorder is where the others look for it', () => {
  const port = serviceOf('recorder').environment['COUNTERSIGN_RECORDER_PORT']
  const { environment } = serviceOf('api')
  expect(new URL(environment['COUNTERSIGN_RECORDER_URL'] ?? '').port).toBe(port)
})

test('only the release worker can move an alias', () => {
  const holders = Object.entries(compose.services).filter(([, service]) =>
    service.secrets.some(({ source }) => source === 'registry-token'),
  )
  expect(holders.map(([name]) => name)).toEqual(['release'])
  const { registryTokenFile } = loadConfig({
    ...serviceOf('release').environment,
    COUNTERSIGN_HOME: home,
  })
  expect(registryTokenFile).toBe('/run/secrets/registry-token')
  const token = readFileSync(join(secrets, 'registry.token'), 'utf8').trim()
  const known = readFileSync(join(secrets, 'registry.token.sha256'), 'utf8').trim()
  expect(known).toBe(createHash('sha256').update(token).digest('hex'))
})

test('each private key and token is held by one process alone, beside the recorder', () => {
  const holdersOf = (source: string) =>
    parts.filter((name) => serviceOf(name).secrets.some((held) => held.source === source))
  expect(holdersOf('api-key')).toEqual(['api'])
  expect(holdersOf('attestation-key')).toEqual(['worker'])
  expect(holdersOf('log-key')).toEqual(['recorder'])
  expect(holdersOf('recorder-api-token')).toEqual(['recorder', 'api'])
  expect(holdersOf('recorder-worker-token')).toEqual(['recorder', 'worker'])
  expect(holdersOf('recorder-release-token')).toEqual(['recorder', 'release'])
})

test('the secrets that are made are those that compose asks for, and nobody else can read them', () => {
  const asked = [...Object.values(compose.secrets), ...Object.values(compose.configs)]
  const names = asked.map(({ file }) => file.replace('./deploy/secrets/', ''))
  expect(readdirSync(secrets).toSorted()).toEqual(names.toSorted())
  for (const { file } of Object.values(compose.secrets)) {
    expect(statSync(join(secrets, basename(file))).mode & 0o777).toBe(0o600)
  }
})

test('secrets that were made are never written over', () => {
  const all = () => readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'utf8'))
  const before = all()
  const said = execFileSync(process.execPath, ['deploy/make-secrets.js', secrets])
  expect(said.toString()).toBe('nothing to make\n')
  expect(all()).toEqual(before)
})

test('the processes of one stack know one installation, and each can open its own key', () => {
  const [worker, api, release] = ['worker', 'api', 'release'].map(homeOf)
  const installations = [worker, api, release].map((place = '') => loadInstallation(place, false))
  expect(new Set(installations.map(({ id }) => id)).size).toBe(1)
  const keyIds = installations.map(({ publicKeys }) => publicKeys.attestation.keyId)
  expect(new Set(keyIds).size).toBe(1)
  expect(readPrivateKey(worker ?? '', 'attestation').keyId).toBe(keyIds[0])
  expect(() => readPrivateKey(api ?? '', 'attestation')).toThrow('was not given that key')
  expect(() => readPrivateKey(release ?? '', 'attestation')).toThrow('was not given that key')
  expect(readPrivateKey(api ?? '', 'api').keyId).toBe(installations[0]?.publicKeys.api.keyId)
})

test('the recorder takes its tokens from the secrets', async () => {
  const tokens = await loadTokens(homeOf('recorder'))
  for (const { role, token } of tokens) {
    expect(token).toBe(readFileSync(join(secrets, `recorder-${role}.token`), 'utf8').trim())
  }
})

test('the example people sign in at Dex as those whom the owners file knows', async () => {
  const to = join(folder, 'governance')
  const words = ['deploy/make-governance.js', 'examples/governance', 'deploy/dex/config.yaml', to]
  execFileSync(process.execPath, words)
  const { set } = await loadGovernance(to)
  const { people, machines } = set.owners
  const example = await loadGovernance('examples/governance')
  expect(people.map(({ id }) => id)).toEqual(example.set.owners.people.map(({ id }) => id))
  expect(people.map(({ email }) => email)).toEqual(
    dexConfig.staticPasswords.map(({ email }) => email),
  )
  expect(machines).toEqual([])
  expect(new Set(people.map(({ issuer }) => issuer))).toEqual(new Set([dexConfig.issuer]))
  const userIds = people.map(({ subject }) => decodedSubject(subject))
  expect(userIds).toEqual(dexConfig.staticPasswords.map(({ userID }) => userID))
})

/** Reads what Dex writes: field 1 is the user id, field 2 the connector. */
function decodedSubject(subject: string): string {
  const bytes = Buffer.from(subject, 'base64url')
  const length = bytes[1] ?? 0
  const rest = bytes.subarray(2 + length)
  expect([bytes[0], rest.toString('latin1')]).toEqual([0x0a, '\u0012\u0005local'])
  return bytes.subarray(2, 2 + length).toString()
}

test("a subject is made as Dex's own documentation shows it", async () => {
  const module: unknown = await import(join(process.cwd(), 'deploy/make-governance.js'))
  const { dexSubject } = module as { dexSubject(userId: string): string }
  const expected = 'CiQwOGE4Njg0Yi1kYjg4LTRiNzMtOTBhOS0zY2QxNjYxZjU0NjYSBWxvY2Fs'
  expect(dexSubject('08a8684b-db88-4b73-90a9-3cd1661f5466')).toBe(expected)
})

test('Dex takes the hashes: bcrypt of cost 10 or more', () => {
  for (const { hash } of dexConfig.staticPasswords) {
    expect(hash).toMatch(/^\$2[aby]\$1\d\$[./A-Za-z0-9]{53}$/)
  }
})

test('the namespace has our retention and every search attribute by its type', () => {
  const script = readFileSync('deploy/temporal/create-namespace.sh', 'utf8')
  expect(script).toContain(`:-${retentionDays}d}`)
  const registered = [...script.matchAll(/^register (\w+) (\w+)$/gm)].map((found) => found.slice(1))
  expect(Object.fromEntries(registered)).toEqual(searchAttributeTypes)
  expect(registered.length).toBe(Object.keys(searchAttributes).length)
  const namespace = serviceOf('temporal-create-namespace').environment['TEMPORAL_NAMESPACE']
  expect(serviceOf('worker').environment['TEMPORAL_NAMESPACE']).toBe(namespace)
})
