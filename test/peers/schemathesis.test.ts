import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
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

function attack(person: string): Promise<{ readonly failed: boolean; readonly output: string }> {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const root = `http://127.0.0.1:${port}`
  const options = [
    ['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
    ['run', `${root}/openapi.json`],
    ['--checks', 'all'],
    ['--header', `Authorization: Bearer ${person}`],
    ['--max-examples', process.env['COUNTERSIGN_SCHEMATHESIS_EXAMPLES'] ?? '25'],
    ['--seed', '3'],
    ['--request-timeout', '20'],
    ['--workers', '1'],
    ['--suppress-health-check', 'all'],
  ].flat()
  // It leaves a folder of its findings where it runs.
  const cwd = mkdtempSync(join(tmpdir(), 'countersign-schemathesis-'))
  const command = join(environment, 'bin', 'schemathesis')
  return new Promise((resolve) => {
    execFile(command, options, { cwd, maxBuffer: 64e6 }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: `${stdout}\n${stderr}` }),
    )
  })
}

test.each([
  ['a person who may ask and sign', 'zed'],
  ['a person who operates', 'gus'],
])(
  'the document keeps its word whatever is thrown at it by %s',
  async (_, person) => {
    const { failed, output } = await attack(person)
    expect(output).toContain('Tested operations')
    expect(failed ? output : '').toBe('')
  },
  900_000,
)
