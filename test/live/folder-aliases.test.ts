import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFolderAliasWriter, createFolderRegistry } from '../../activities/registry/folder.js'

const compiled = resolve('dist/activities/registry/folder.js')
const rounds = Number(process.env['COUNTERSIGN_TEST_KILLS'] ?? 12)
const seed = Number(process.env['COUNTERSIGN_TEST_SEED'] ?? Date.now() % 1_000_000)
const versions = 200

/** Moves the alias up by one for ever, and says so after each move. */
const climbing = `
const { mkdir } = await import('node:fs/promises')
const { setTimeout } = await import('node:timers/promises')
const { createFolderRegistry, createFolderAliasWriter } = await import(process.argv[2])
const registry = createFolderRegistry({ root: process.argv[1] })
const writer = createFolderAliasWriter({ root: process.argv[1] })
for (;;) {
  const from = await registry.alias('risk', 'production')
  const to = String(Number(from ?? 0) + 1)
  await mkdir(process.argv[1] + '/risk/' + to, { recursive: true })
  const { moved } = await writer.moveAlias('risk', 'production', from, to)
  if (moved) process.stdout.write(to + '\\n')
  // The lock is not fair: whoever comes back at once would keep all others out.
  await setTimeout(2)
}`

/** Does each move that it is told on a line, and answers with what came of it. */
const obeying = `
const { createInterface } = await import('node:readline')
const { createFolderAliasWriter } = await import(process.argv[2])
const writer = createFolderAliasWriter({ root: process.argv[1] })
for await (const line of createInterface({ input: process.stdin })) {
  const [from, to] = JSON.parse(line)
  process.stdout.write(JSON.stringify(await writer.moveAlias('risk', 'production', from, to)) + '\\n')
}`

let root = ''
const children: ChildProcess[] = []

beforeEach(async () => {
  if (!existsSync(compiled)) throw new Error('run npm run build first: children run compiled code')
  root = await mkdtemp(join(tmpdir(), 'countersign-aliases-'))
  const names = Array.from({ length: versions }, (_, count) => String(count + 1))
  await Promise.all(names.map((name) => mkdir(join(root, 'risk', name), { recursive: true })))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})

function start(script: string) {
  const args = ['--input-type=module', '-e', script, root, pathToFileURL(compiled).href]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  return { child, lines: createInterface({ input: child.stdout }) }
}

/** A repeatable sequence of numbers in [0, 1): mulberry32. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = Math.trunc(state + 0x6d2b79f5)
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The next line that a child says; one that ended instead is a failure, not a wait. */
async function nextLine({ child, lines }: ReturnType<typeof start>): Promise<void> {
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`the child ended with ${String(code)}`)
  })
  await Promise.race([once(lines, 'line'), ended])
  ended.catch(() => undefined)
}

async function killedAfter(delayMs: number, acknowledged: string[]): Promise<void> {
  const climber = start(climbing)
  climber.lines.on('line', (line) => acknowledged.push(line))
  await nextLine(climber)
  await pause(delayMs)
  climber.child.kill('SIGKILL')
  await once(climber.child, 'close')
}

test(`a writer that is killed at any instant loses no move, doubles none and blocks nobody (seed ${seed})`, async () => {
  const random = randomFrom(seed)
  const acknowledged: string[] = []
  const survivor = start(climbing)
  survivor.lines.on('line', (line) => acknowledged.push(line))
  for (let round = 0; round < rounds; round += 1) {
    await killedAfter(random() * 25, acknowledged)
    const text = await readFile(join(root, 'aliases.json'), 'utf8')
    expect(JSON.parse(text)).toEqual({
      risk: { production: expect.stringMatching(/^\d+$/) as string },
    })
  }
  const before = acknowledged.length
  await nextLine(survivor)
  expect(acknowledged.length).toBeGreaterThan(before)
  survivor.child.kill('SIGKILL')
  await once(survivor.child, 'close')

  const numbers = acknowledged.map(Number)
  const reached = Number(await createFolderRegistry({ root }).alias('risk', 'production'))
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(Math.max(...numbers)).toBeLessThanOrEqual(reached)
  // Each kill may swallow the acknowledgement of one move that was made, never a move that was acknowledged.
  expect(reached - numbers.length).toBeLessThanOrEqual(rounds + 1)

  const writer = createFolderAliasWriter({ root })
  expect(await writer.moveAlias('risk', 'production', String(reached), '1')).toMatchObject({
    moved: true,
  })
  expect((await readdir(root)).toSorted()).toEqual(['.aliases.lock', 'aliases.json', 'risk'])
  expect(await readdir(join(root, '.aliases.lock'))).toEqual(['free'])
}, 120_000)

test('of two processes that move the alias from the same place, exactly one does', async () => {
  const pair = [start(obeying), start(obeying)]
  const answers = pair.map(({ lines }) => lines[Symbol.asyncIterator]())
  let from: string | null = null
  const wins = [0, 0]
  for (let round = 0; round < 100; round += 1) {
    const targets = [String(round * 2 + 1), String(round * 2 + 2)]
    pair.forEach(({ child }, at) => child.stdin.write(`${JSON.stringify([from, targets[at]])}\n`))
    const said = await Promise.all(
      answers.map(async (answer) => (await answer.next()).value as string),
    )
    const outcomes = said.map(
      (line) => JSON.parse(line) as { moved: boolean; found: string | null },
    )
    expect(outcomes.filter(({ moved }) => moved)).toHaveLength(1)
    const winner = outcomes.findIndex(({ moved }) => moved)
    from = targets[winner] ?? null
    wins[winner] = (wins[winner] ?? 0) + 1
    expect(outcomes[1 - winner]).toEqual({ moved: false, found: from })
  }
  expect(Math.min(...wins)).toBeGreaterThan(0)
}, 60_000)
