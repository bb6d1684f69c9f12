import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.js'
import { isPromotionError } from '../../src/domain/errors.js'

const development = { COUNTERSIGN_DEVELOPMENT: '1' }

const company = {
  COUNTERSIGN_OIDC_ISSUER: 'https://login.example.com',
  COUNTERSIGN_GOVERNANCE: '/srv/governance',
  COUNTERSIGN_EVALUATION_SETS: '/srv/sets',
  COUNTERSIGN_REGISTRY: 'mlflow+https://mlflow.example.com',
}

function faultOf(env: Record<string, string>): string {
  try {
    loadConfig(env)
  } catch (error) {
    if (isPromotionError(error) && error.code === 'CONFIG_INVALID') return error.message
    throw error
  }
  throw new Error('was accepted')
}

test('all faults come in one message, by name and never by value', () => {
  const message = faultOf({
    ...development,
    COUNTERSIGN_PORT: 'hunter2',
    COUNTERSIGN_HEARTBEAT_SECONDS: '1e3',
    COUNTERSIGN_REGISTRY: 'mlflow+http://bo:hunter2@localhost:5000',
    COUNTERSIGN_HOST: '0.0.0.0',
    COUNTERSIGN_OIDC_ALGORITHMS: 'HS256',
    COUNTERSIGN_GOVERNANCE: '',
  })
  for (const name of ['PORT', 'HEARTBEAT_SECONDS', 'REGISTRY', 'HOST', 'OIDC_ALGORITHMS']) {
    expect(message).toContain(`COUNTERSIGN_${name} must`)
  }
  expect(message).toContain('COUNTERSIGN_GOVERNANCE is empty')
  expect(message).not.toMatch(/hunter2|0\.0\.0\.0|1e3|HS256/)
})

test.each([
  ['a port that is not a number', { COUNTERSIGN_PORT: '80a' }],
  ['a port in hexadecimal', { COUNTERSIGN_PORT: '0x50' }],
  ['port 0', { COUNTERSIGN_PORT: '0' }],
  ['a port beyond 65535', { COUNTERSIGN_PORT: '65536' }],
  ['two servers on one port', { COUNTERSIGN_PORT: '8412' }],
  ['a development flag of yes', { COUNTERSIGN_DEVELOPMENT: 'yes' }],
  ['alg none', { COUNTERSIGN_OIDC_ALGORITHMS: 'none' }],
  ['a shared-secret algorithm', { COUNTERSIGN_OIDC_ALGORITHMS: 'ES256,HS256' }],
  ['an origin with a path', { COUNTERSIGN_PUBLIC_ORIGIN: 'http://localhost:8411/app' }],
  ['an issuer with a password in it', { COUNTERSIGN_OIDC_ISSUER: 'http://a:b@localhost' }],
  ['a registry of an unknown kind', { COUNTERSIGN_REGISTRY: 's3://bucket' }],
  ['no heartbeat at all', { COUNTERSIGN_HEARTBEAT_SECONDS: '0' }],
])('%s is refused', (_, env) => {
  expect(faultOf({ ...development, ...env })).toContain(Object.keys(env)[0])
})

test.each([
  ['a registry elsewhere', { COUNTERSIGN_REGISTRY: 'mlflow+http://mlflow.example.com' }],
  ['a registry that only looks local', { COUNTERSIGN_REGISTRY: 'mlflow+http://127.0.0.1.nip.io' }],
  ['every address of the machine', { COUNTERSIGN_HOST: '0.0.0.0' }],
  ['every address of IPv6', { COUNTERSIGN_HOST: '::' }],
  ['an origin elsewhere', { COUNTERSIGN_PUBLIC_ORIGIN: 'http://models.example.com' }],
  ['an issuer elsewhere', { COUNTERSIGN_OIDC_ISSUER: 'https://login.example.com' }],
  ['a recorder elsewhere', { COUNTERSIGN_RECORDER_URL: 'http://10.0.0.7:8412' }],
])('development identity refuses %s', (_, env) => {
  const message = faultOf({ ...development, ...env })
  expect(message).toContain(`${Object.keys(env)[0]} must be on this machine`)
})

test('outside development nothing that decides is guessed', () => {
  const message = faultOf({})
  for (const name of Object.keys(company)) expect(message).toContain(`${name} is needed`)
})

test('outside development an issuer over plain http needs a word of its own', () => {
  const plain = { ...company, COUNTERSIGN_OIDC_ISSUER: 'http://dex:5556/dex' }
  expect(faultOf(plain)).toContain('COUNTERSIGN_OIDC_ISSUER must be https')
  const config = loadConfig({ ...plain, COUNTERSIGN_OIDC_ALLOW_HTTP: '1' })
  expect(config.oidc.issuer).toBe('http://dex:5556/dex')
})

test('an address that others reach needs a public origin', () => {
  expect(faultOf({ ...company, COUNTERSIGN_HOST: '0.0.0.0' })).toContain(
    'COUNTERSIGN_PUBLIC_ORIGIN is needed',
  )
})

test('in development everything has a place on this machine', () => {
  const config = loadConfig({ ...development, COUNTERSIGN_HOME: '/srv/home' })
  expect(config).toMatchObject({
    home: '/srv/home',
    development: true,
    publicOrigin: 'http://localhost:8411',
    recorderUrl: 'http://127.0.0.1:8412',
    oidc: { issuer: 'http://localhost:8413', audience: 'countersign' },
    governance: join(process.cwd(), 'examples', 'governance'),
    registry: '/srv/home/registry',
    temporal: { kind: 'embedded', address: '127.0.0.1:8414', namespace: 'default' },
  })
})

test('nobody can change the configuration after it was read', () => {
  const config = loadConfig(development)
  expect(Object.isFrozen(config) && Object.isFrozen(config.checkTimeouts.startToCloseMs)).toBe(true)
})

test.each(['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_API_KEY', 'TEMPORAL_TLS'])(
  '%s leads to the cluster that it describes',
  (name) => {
    expect(loadConfig({ ...development, [name]: 'x' }).temporal).toEqual({ kind: 'existing' })
  },
)

test('a namespace alone names one of the embedded server', () => {
  expect(loadConfig({ ...development, TEMPORAL_NAMESPACE: 'models' }).temporal).toMatchObject({
    kind: 'embedded',
    namespace: 'models',
  })
})
