import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildTemporal } from '../../../src/main/temporal/build.js'
import { temporalModuleFolder } from '../../../src/main/temporal/paths.js'

let folder: string
let target: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-build-'))
  target = join(folder, 'cache', 'temporal')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A `go` in a folder of its own; it sees the arguments of the real one. */
function fakeGo(script: string): { readonly PATH: string } {
  const path = join(folder, 'bin', 'go')
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return { PATH: `${dirname(path)}:/bin:/usr/bin` }
}

const silent = () => undefined

test('without Go it says so', async () => {
  await expect(buildTemporal(target, { PATH: folder }, silent)).rejects.toThrow('Go is not on PATH')
})

test('a build that fails says what Go said, and leaves nothing that could be taken for a program', async () => {
  const env = fakeGo('echo half > "$6"; echo "no such module" >&2; exit 3')
  await expect(buildTemporal(target, env, silent)).rejects.toThrow(
    'go ended with 3: no such module',
  )
  expect(readdirSync(dirname(target))).toEqual([])
})

test('a build takes the pinned module and puts the program in its place whole', async () => {
  const env = fakeGo('pwd > "$6"; echo "$@" >> "$6"')
  const said: string[] = []
  await buildTemporal(target, env, (line) => said.push(line))
  const [cwd, args] = readFileSync(target, 'utf8').split('\n')
  expect(cwd).toBe(temporalModuleFolder())
  expect(args).toMatch(/^build -trimpath .* github\.com\/temporalio\/cli\/cmd\/temporal$/)
  expect(readdirSync(dirname(target))).toEqual(['temporal'])
  expect(said[0]).toContain('minutes')
})

test('two who build at once build once', async () => {
  const env = fakeGo(`echo built >> ${join(folder, 'builds')}; echo x > "$6"`)
  await Promise.all([buildTemporal(target, env, silent), buildTemporal(target, env, silent)])
  expect(readFileSync(join(folder, 'builds'), 'utf8')).toBe('built\n')
})
