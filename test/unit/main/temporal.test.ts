import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporalConnection } from '../../../src/main/temporal/connect.js'
import { findTemporal, temporalCachePath } from '../../../src/main/temporal/find.js'
import type { Makers } from '../../../src/main/temporal/find.js'
import { withLock } from '../../../src/main/temporal/lock.js'
import { assertDatabaseVersion, databasePath } from '../../../src/main/temporal/version.js'

let folder: string
let env: Record<string, string>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-temporal-'))
  env = {
    PATH: [join(folder, 'one'), join(folder, 'two')].join(':'),
    COUNTERSIGN_CACHE: join(folder, 'cache'),
  }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program that says which server it holds, as Temporal's command line does. */
function fakeCli(path: string, version: string | null): string {
  mkdirSync(dirname(path), { recursive: true })
  const says = version === null ? 'something else' : `temporal version 1 (Server ${version}, UI 2)`
  writeFileSync(path, `#!/bin/sh\necho "${says}"\n`)
  chmodSync(path, 0o755)
  return path
}

const silent = () => undefined

const noMakers: Makers = {
  build: async () => {
    throw new Error('Go is not on PATH')
  },
  download: async () => {
    throw new Error('no way out')
  },
}

test('when nothing helps, one error names every remedy and why each way failed', async () => {
  const refusal = await findTemporal(env, silent, noMakers).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'CONFIG_INVALID' })
  for (const words of [
    'Go is not on PATH',
    'no way out',
    'COUNTERSIGN_TEMPORAL_CLI',
    'on PATH (',
    'install Go',
    'internet',
    'TEMPORAL_ADDRESS',
  ]) {
    expect(String(refusal)).toContain(words)
  }
})

test('a command line that was named and does not run is refused, not passed over', async () => {
  fakeCli(join(folder, 'one', 'temporal'), '1.31.2')
  env['COUNTERSIGN_TEMPORAL_CLI'] = join(folder, 'missing')
  await expect(findTemporal(env, silent, noMakers)).rejects.toThrow(
    'COUNTERSIGN_TEMPORAL_CLI names',
  )
})

test('a named one comes first, then PATH, then the cache, then building, then the download', async () => {
  const made: string[] = []
  const makers: Makers = {
    build: async (path) => {
      made.push('build')
      fakeCli(path, '1.5.0')
    },
    download: async (path) => {
      made.push('download')
      fakeCli(path, '1.6.0')
    },
  }
  const version = async (using: Makers) => (await findTemporal(env, silent, using)).serverVersion

  expect(await version({ ...makers, build: noMakers.build })).toBe('1.6.0')
  rmSync(temporalCachePath(env))
  expect(await version(makers)).toBe('1.5.0')
  expect(made).toEqual(['download', 'build'])

  fakeCli(temporalCachePath(env), '1.4.0')
  expect(await version(makers)).toBe('1.4.0')
  fakeCli(join(folder, 'two', 'temporal'), '1.3.0')
  expect(await version(makers)).toBe('1.3.0')
  env['COUNTERSIGN_TEMPORAL_CLI'] = fakeCli(join(folder, 'mine'), '1.2.0')
  expect(await version(makers)).toBe('1.2.0')
  expect(made).toEqual(['download', 'build'])
})

test('a program of the same name that is something else is passed over', async () => {
  fakeCli(join(folder, 'one', 'temporal'), null)
  fakeCli(temporalCachePath(env), '1.4.0')
  expect((await findTemporal(env, silent, noMakers)).serverVersion).toBe('1.4.0')
})

test('of two that make the same thing one works and the other waits', async () => {
  const lock = join(folder, 'lock')
  const seen: string[] = []
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      seen.push(`${name} begins`)
      setImmediate(() => {
        seen.push(`${name} ends`)
        resolve()
      })
    })
  await Promise.all([withLock(lock, silent, work('a')), withLock(lock, silent, work('b'))])
  expect(seen.map((line) => line.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends'])
  expect(existsSync(lock)).toBe(false)
})

test('a lock whose holder died is free', async () => {
  const lock = join(folder, 'lock')
  writeFileSync(lock, '4194304')
  expect(await withLock(lock, silent, async () => 'done')).toBe('done')
})

test('a database of another version is refused with the remedy', () => {
  assertDatabaseVersion(folder, '1.31.2')
  writeFileSync(databasePath(folder), '')
  expect(() => assertDatabaseVersion(folder, '1.31.2')).not.toThrow()
  expect(() => assertDatabaseVersion(folder, '1.32.0')).toThrow(
    /written by Temporal 1\.31\.2, and this is 1\.32\.0.*COUNTERSIGN_TEMPORAL_CLI/,
  )
})

test('a database that nobody vouches for is refused', () => {
  mkdirSync(dirname(databasePath(folder)), { recursive: true })
  writeFileSync(databasePath(folder), '')
  expect(() => assertDatabaseVersion(folder, '1.31.2')).toThrow('nobody noted')
})

test('a version noted for a database that never came to be binds nobody', () => {
  assertDatabaseVersion(folder, '1.31.2')
  assertDatabaseVersion(folder, '1.32.0')
  writeFileSync(databasePath(folder), '')
  expect(() => assertDatabaseVersion(folder, '1.32.0')).not.toThrow()
})

test('the standard settings lead to the cluster that they describe', () => {
  const given = { TEMPORAL_ADDRESS: 'temporal.example.com:7233', TEMPORAL_NAMESPACE: 'models' }
  expect(temporalConnection({ kind: 'existing' }, given)).toMatchObject({
    connectionOptions: { address: 'temporal.example.com:7233' },
    namespace: 'models',
  })
})

test('settings that lead nowhere are a fault of the settings', () => {
  const given = { TEMPORAL_PROFILE: 'missing', TEMPORAL_CONFIG_FILE: join(folder, 'none.toml') }
  expect(() => temporalConnection({ kind: 'existing' }, given)).toThrow('TEMPORAL_ settings')
})
