import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, type World } from '../unit/api/world.js'

let world: World
let server: Server
let environment: string

beforeAll(async () => {
  environment = execFileSync('tools/peers/schemathesis.sh', { encoding: 'utf8' }).trim()
  world = await openWorld({ deps: { streamMs: 50 } })
  const listener = getRequestListener(world.app.fetch)
  server = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}, 600_000)

afterAll(() => {
  world.close()
  server.closeAllConnections()
  server.close()
})

interface Outcome {
  readonly failed: boolean
  readonly output: string
}

/** @param id a promotion that is there, so that the attack gets past the door; tried ids of its own where left out */
function attack(person: string, id?: string): Promise<Outcome> {
  // It leaves a folder of its findings where it runs.
  const cwd = mkdtempSync(join(tmpdir(), 'countersign-schemathesis-'))
  const settings = readFileSync(join(import.meta.dirname, 'schemathesis.toml'), 'utf8')
  const known = id === undefined ? '' : `[parameters]\n"path.id" = "${id}"\n`
  const file = join(cwd, 'schemathesis.toml')
  writeFileSync(file, `${known}${settings}`)
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const root = `http://127.0.0.1:${port}`
  const options = [
    ['--config-file', file],
    ['run', `${root}/openapi.json`],
    ['--checks', 'all'],
    ['--header', `Authorization: Bearer ${person}`],
    ['--max-examples', process.env['COUNTERSIGN_SCHEMATHESIS_EXAMPLES'] ?? '25'],
    ['--seed', '3'],
    ['--request-timeout', '20'],
    ['--workers', '1'],
    ['--suppress-health-check', 'all'],
  ].flat()
  const command = join(environment, 'bin', 'schemathesis')
  return new Promise((resolve) => {
    execFile(command, options, { cwd, maxBuffer: 64e6 }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: `${stdout}\n${stderr}` }),
    )
  })
}

const minutes = 15 * 60_000

test.each([
  ['a person who may ask and sign', 'zed'],
  ['a person who operates', 'gus'],
])(
  'the document keeps its word whatever is thrown at it by %s',
  async (_, person) => {
    const { failed, output } = await attack(person)
    expect(failed ? output : '').toBe('')
    expect(output).toMatch(/Tested: +21/)
  },
  minutes,
)

test(
  'it keeps it too against an owner of a promotion that waits for them',
  async () => {
    const id = await world.request({ version: 'attacked' })
    const { failed, output } = await attack('ana', id)
    expect(failed ? output : '').toBe('')
    expect(output).toMatch(/Tested: +21/)
  },
  minutes,
)
