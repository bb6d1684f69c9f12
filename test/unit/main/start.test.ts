import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config.js'
import { entriesOf } from '../../../src/main/dev/entries.js'
import { lockHome } from '../../../src/main/dev/home-lock.js'
import { assertPortsFree, portsOf } from '../../../src/main/dev/ports.js'
import { seedRegistry } from '../../../src/main/dev/seed.js'
import { readDevelopmentPeople } from '../../../src/main/people.js'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'countersign-start-'))
})

afterEach(() => rmSync(home, { recursive: true, force: true }))

const config = () => loadConfig({ COUNTERSIGN_DEVELOPMENT: '1', COUNTERSIGN_HOME: home })

test('a home that another start holds is refused by its process', () => {
  writeFileSync(join(home, 'start.pid'), `${process.ppid}\n`)
  expect(() => lockHome(home)).toThrow(`process ${process.ppid}`)
})

test('a home whose start died is taken over, and it is told', () => {
  writeFileSync(join(home, 'start.pid'), '4194304\n')
  const lock = lockHome(home)
  expect(lock.wasLeft).toBe(true)
  lock.release()
  expect(existsSync(join(home, 'start.pid'))).toBe(false)
})

test('a port in use is named with the setting that moves it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const moved = { ...config(), port }
  const taken = portsOf(moved).filter(({ setting }) => setting === 'COUNTERSIGN_PORT')
  await expect(assertPortsFree(taken, 0)).rejects.toThrow(
    `port ${port} for the API: set COUNTERSIGN_PORT`,
  )
  setImmediate(() => server.close())
  await expect(assertPortsFree(taken, 10_000)).resolves.toBeUndefined()
})

test('the registry is filled once, and never over what is there', () => {
  const registry = join(home, 'registry')
  const examples = join(home, 'examples')
  mkdirSync(join(examples, 'risk', '1'), { recursive: true })
  writeFileSync(join(examples, 'risk', '1', 'model.onnx'), 'bytes')
  expect(seedRegistry(registry, home, examples)).toBe(true)
  const copy = join(registry, 'risk', '1', 'model.onnx')
  expect(readFileSync(copy, 'utf8')).toBe('bytes')
  writeFileSync(copy, 'changed')
  expect(seedRegistry(registry, home, examples)).toBe(false)
  expect(readFileSync(copy, 'utf8')).toBe('changed')
})

test('a registry elsewhere is never filled', () => {
  const elsewhere = join(home, 'mine')
  expect(seedRegistry(elsewhere, home, home)).toBe(false)
  expect(existsSync(elsewhere)).toBe(false)
})

test('API and identity wait for no Temporal', () => {
  const entries = new Map(entriesOf(config()).map((entry) => [entry.name, entry]))
  expect(entries.get('identity')?.after ?? []).toEqual([])
  expect(entries.get('api')?.after).not.toContain('temporal')
  expect(entries.get('worker')?.after).toContain('temporal')
})

test('all stops within 15 seconds, the API first and Temporal last', () => {
  const stages = new Map<number, { names: string[]; ms: number }>()
  for (const { name, stopStage, stopWithinMs } of entriesOf(config())) {
    const stage = stages.get(stopStage) ?? { names: [], ms: 0 }
    stages.set(stopStage, {
      names: [...stage.names, name],
      ms: Math.max(stage.ms, stopWithinMs),
    })
  }
  const order = [...stages].toSorted(([a], [b]) => a - b).map(([, stage]) => stage)
  expect(order.map(({ names }) => names)).toEqual([
    ['api'],
    ['worker', 'release'],
    ['recorder'],
    ['identity'],
    ['temporal'],
  ])
  expect(order.reduce((sum, { ms }) => sum + ms, 0)).toBeLessThanOrEqual(15_000)
})

const owners = (lines: string) => {
  const path = join(home, 'owners.yaml')
  writeFileSync(path, lines)
  return path
}

const bo = '{id: per_00000001, name: Bo, email: bo@example.test, issuer: development, subject: bo}'

test.each([
  ['nobody', 'people: []'],
  ['one subject twice', `people: [${bo}, ${bo}]`],
  ['an alias', `people: [&a ${bo}, *a]`],
  ['a key twice', `people: [${bo}]\npeople: []`],
  ['people of another issuer only', `people: [${bo.replace('development', 'company')}]`],
  ['no YAML at all', 'people: ['],
])('an owners file with %s gives no development identities', (_, text) => {
  expect(() => readDevelopmentPeople(owners(text))).toThrow(
    expect.objectContaining({ code: 'GOVERNANCE_INVALID' }),
  )
})

test('the example people and machines can sign in', () => {
  const people = readDevelopmentPeople(join('examples', 'governance', 'owners.yaml'))
  expect(people.map(({ subject }) => subject)).toEqual(expect.arrayContaining(['mira', 'ci']))
})
