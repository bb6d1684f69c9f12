import Ajv2020 from 'ajv/dist/2020.js'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compose, ours, parts, readCompose, serviceOf } from './compose-file.js'

const services = Object.entries(compose.services)

function schemaFaults(file: unknown): unknown {
  const schema = JSON.parse(readFileSync('test/unit/compose/compose-spec.json', 'utf8')) as object
  const ajv = new Ajv2020.default({ strict: false, allErrors: true, validateFormats: false })
  const validate = ajv.compile(schema)
  return validate(file) ? [] : validate.errors
}

test('the schema of the Compose Specification refuses what is not one', () => {
  expect(schemaFaults({ services: { api: { image: 'x', comand: ['y'] } } })).not.toEqual([])
  expect(schemaFaults({ services: { api: { image: 'x', ports: 'y' } } })).not.toEqual([])
})

test('docker-compose.yml is what the Compose Specification allows', () => {
  expect(schemaFaults(readCompose())).toEqual([])
})

test.each(ours)(
  '%s runs without root, on a root file system that it cannot write',
  (_, service) => {
    expect(service.user).toBe('${COUNTERSIGN_UID:-1000}:${COUNTERSIGN_GID:-1000}')
    expect(service.read_only).toBe(true)
    expect(service.privileged).toBe(false)
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.security_opt).toContain('no-new-privileges:true')
  },
)

test.each(ours)('%s says whether it works', (_, { healthcheck }) => {
  expect(healthcheck?.test[0]).toBe('CMD')
  const scripts = healthcheck?.test.filter((word) => word.endsWith('.js')) ?? []
  expect(scripts.filter((script) => !existsSync(script))).toEqual([])
})

test('everything that others wait for says when it is there', () => {
  const waits = services.flatMap(([, { depends_on }]) =>
    Object.entries(depends_on).map(([on, { condition }]) => ({ on, condition })),
  )
  expect(waits.length).toBeGreaterThan(10)
  const known = new Set(['service_healthy', 'service_completed_successfully'])
  expect(waits.filter(({ condition }) => !known.has(condition))).toEqual([])
  const silent = waits.filter(({ on, condition }) => {
    const { healthcheck, build } = serviceOf(on)
    if (condition !== 'service_healthy' || healthcheck) return false
    return !build || !/^HEALTHCHECK /m.test(readFileSync(build.dockerfile, 'utf8'))
  })
  expect(silent).toEqual([])
})

test('every program that a service of ours starts is one that the build makes', () => {
  for (const name of parts) {
    const [node, script] = serviceOf(name).command
    expect(node).toBe('node')
    const source = script?.replace(/^dist\//, '').replace(/\.js$/, '.ts') ?? ''
    expect([source, existsSync(source)]).toEqual([source, true])
  }
})

test('no port can be reached from another machine', () => {
  const published = services.flatMap(([, { ports }]) => ports)
  expect(published.length).toBeGreaterThan(3)
  for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
})

test('the recorder, and who asks it, share a loopback that no other container is on', () => {
  for (const name of parts) expect(serviceOf(name).network_mode).toBe('service:loopback')
  const sharing = services.filter(([, { network_mode }]) => network_mode === 'service:loopback')
  expect(sharing.map(([name]) => name).toSorted()).toEqual([...parts, 'dex'].toSorted())
  expect(serviceOf('worker').environment['COUNTERSIGN_RECORDER_URL']).toBe('http://127.0.0.1:8412')
  expect(serviceOf('loopback').ports.join()).not.toContain('8412')
})

test('images are pinned by version', () => {
  const froms = ['Dockerfile', 'deploy/mlflow/Dockerfile'].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? ''),
  )
  expect(froms.length).toBeGreaterThan(2)
  for (const image of [...froms, ...services.map(([, service]) => service.image)]) {
    expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?(-[\w-]+)?$/)
  }
  const [node] = froms
  expect(readFileSync('deploy/make-secrets.sh', 'utf8')).toContain(` ${node} `)
})

test('all state lies in named volumes, and all that is mounted from here exists and cannot be written', () => {
  const mounts = services.flatMap(([, { volumes }]) => volumes)
  expect(mounts.length).toBeGreaterThan(8)
  const [folders, named] = [
    mounts.filter((mount) => mount.startsWith('.')),
    mounts.filter((mount) => !mount.startsWith('.')),
  ]
  for (const folder of folders) {
    const [source = '', , mode] = folder.split(':')
    expect([source, existsSync(source), mode]).toEqual([source, true, 'ro'])
  }
  const used = new Set(named.map((mount) => mount.split(':')[0]))
  expect(used).toEqual(new Set(Object.keys(compose.volumes)))
})

test('every network, secret and file that a service names is declared', () => {
  for (const [, { networks, secrets, configs }] of services) {
    for (const network of networks) expect(Object.keys(compose.networks)).toContain(network)
    for (const { source } of secrets) expect(Object.keys(compose.secrets)).toContain(source)
    for (const { source } of configs) expect(Object.keys(compose.configs)).toContain(source)
  }
})

test('no value of the environment is a secret', () => {
  const values = services.flatMap(([name, { environment }]) =>
    Object.entries(environment).map(([key, value]) => ({ name, key, value })),
  )
  const suspicious = values.filter(
    ({ key, value }) =>
      (/(PASS|PWD|SECRET|TOKEN|CREDENTIAL|API_?KEY)/i.test(key) && !key.endsWith('_FILE')) ||
      /[0-9a-zA-Z+/=_-]{24,}/.test(value.replaceAll(/[a-z]+(-[a-z]+)+|\/[\w./-]+/g, '')) ||
      /:\/\/[^/]*@/.test(value),
  )
  expect(suspicious).toEqual([])
})

test('a build takes no secret in and nothing from the network but packages', () => {
  const ignored = readFileSync('.dockerignore', 'utf8').split('\n')
  expect(ignored.indexOf('deploy/secrets')).toBeGreaterThan(ignored.indexOf('!deploy'))
  expect(ignored).toContain('examples/keys')
  expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*')
  for (const file of ['Dockerfile', 'deploy/mlflow/Dockerfile']) {
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/^ADD /m)
    expect(text).not.toMatch(/curl|wget|https?:\/\/(?!(localhost|127\.0\.0\.1))/)
    expect(text.match(/^USER (.*)$/gm)?.at(-1)).toBe('USER ${COUNTERSIGN_UID}:${COUNTERSIGN_GID}')
  }
})

test('every folder that the build compiles gets into the build', () => {
  const { include } = JSON.parse(readFileSync('tsconfig.build.json', 'utf8')) as {
    include: string[]
  }
  const allowed = readFileSync('.dockerignore', 'utf8').split('\n')
  for (const folder of include) expect(allowed).toContain(`!${folder}`)
})

test('scripts run with the plain shell of small images, and stop at the first failure', () => {
  const scripts = ['deploy', 'deploy/temporal'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.sh') && name !== 'lib.sh')
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
  )
  expect(scripts.length).toBe(4)
  for (const script of scripts) {
    expect(script).toMatch(/^#!\/bin\/sh\n/)
    expect(script).toMatch(/^set -eu$/m)
  }
})
