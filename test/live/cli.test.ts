import { generateKeyPairSync, createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { isSignedBy, textDigest } from '../../evidence/statement.js'
import { digestOfJson, type Digest } from '../../src/domain/canonical.js'
import { signedStatement } from '../../src/schema/statement.js'
import {
  answering,
  countersign,
  detail,
  promotion,
  report,
  result,
  silentAddress,
  slice,
  temporaryFolder,
  type Answer,
  type Asked,
} from './cli-support.js'

beforeAll(() => {
  if (!existsSync('dist/cli/main.js')) throw new Error('npm run build comes first')
})

const secret = 'a-token-that-must-not-show'

function tokenFile(): string {
  const path = join(temporaryFolder(), 'token')
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return path
}

/** Runs a command against answers that the test gives. */
async function against(
  args: readonly string[],
  answer: Answer | ((asked: Asked, count: number) => Answer),
) {
  const server = await answering(typeof answer === 'function' ? answer : () => answer)
  const told = await countersign([...args, '--server', server.url, '--token-file', tokenFile()])
  return { ...told, asked: server.asked }
}

const problem = (status: number, code: string, more: object = {}): Answer => ({
  status,
  body: { type: 'x', title: 'A title', status, code, detail: 'the detail', ...more },
})

const promote = ['promote', 'm', '1', '--reason', 'because']
const acted = { promotion, state: 'promoting', blockedBy: [] }
const forSigning = ['sign', promotion, '--seat', 'model-risk', '--approve', '--reason', 'fine']

/** As the API answers whoever is about to sign; each part may be replaced. */
function signing(parts: { detail?: object; report?: object } = {}) {
  return ({ method, path }: Asked): Answer => {
    if (method === 'POST') return { body: acted }
    if (path === '/v1/whoami') {
      return { body: { id: 'per_e92a57c8', installation: 'ins_0123456789ab', development: true } }
    }
    return {
      body: path.includes('/checks/')
        ? { ...report, ...parts.report }
        : { ...detail, ...parts.detail },
    }
  }
}

describe('every exit code', () => {
  const wait = ['wait', promotion]
  test.each<[string, number, readonly string[], Answer]>([
    ['yes', 0, ['list'], { body: { items: [], next: null } }],
    ['an answer that is not ours', 1, ['list'], { body: '<h1>hello</h1>' }],
    ['a fault of the server', 1, ['list'], problem(500, 'INTERNAL', { instance: 'r1' })],
    ['a malformed field', 2, promote, problem(422, 'MALFORMED', { field: 'model' })],
    ['no policy', 3, promote, problem(422, 'NO_POLICY', { remedy: 'add one' })],
    ['a digest out of date', 3, promote, problem(409, 'DIGEST_OUT_OF_DATE', { changes: ['tier'] })],
    ['a failed promotion', 3, wait, { body: { ...detail, state: 'failed' } }],
    [
      'an expired promotion under --watch',
      3,
      ['status', promotion, '--watch'],
      { body: { ...detail, checks: [], state: 'expired' } },
    ],
    ['still waiting', 4, [...wait, '--timeout', '1s'], { body: detail }],
    ['an unknown person', 5, ['inbox'], problem(401, 'NOT_AUTHENTICATED')],
    ['somebody who may not', 5, promote, problem(403, 'NOT_ALLOWED')],
    [
      'a rebuilt read model that differs',
      6,
      ['rebuild'],
      { body: { events: 1, promotions: 1, aside: 0, before: 'a', after: 'b', isEqual: false } },
    ],
    ['no worker', 8, promote, problem(503, 'WORKER_UNAVAILABLE')],
  ])('%s: %i', async (_, expected, args, answer) => {
    const { code, stderr } = await against(args, answer)
    expect({ code, stderr: code === expected ? '' : stderr }).toEqual({
      code: expected,
      stderr: '',
    })
  })

  test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['no command', [], {}],
    ['an unknown command', ['approve'], {}],
    ['an unknown flag', ['list', '--token', 'x'], {}],
    ['a missing argument', ['promote', 'm'], {}],
    ['nobody who asks', ['list'], {}],
    ['a token file that is not there', ['list', '--token-file', '/nowhere'], {}],
    ['no reason', ['promote', 'm', '1', '--token-file', '/nowhere'], {}],
    ['both verdicts', [...forSigning, '--reject'], {}],
    ['a short key', ['list', '--idempotency-key', 'x'], {}],
    ['a server that would read the token', ['list', '--server', 'http://example.test'], {}],
    ['a broken setting', ['list'], { COUNTERSIGN_PORT: 'x' }],
    ['no policy to check by', ['check', 'examples/registry/ward-forecast/1'], {}],
  ])('usage: %s', async (_, args, env) => {
    const { code, stdout } = await countersign(args, env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test('what cannot be verified is 7, never 0 and never 6', async () => {
    const { code, stderr } = await countersign(['restore', temporaryFolder()])
    expect(code).toBe(7)
    expect(stderr).toContain('holds no whole backup')
  })

  test('nothing that answers is 8, and the key for another try is told', async () => {
    const server = await silentAddress()
    const args = [...promote, '--server', server, '--token-file', tokenFile()]
    const { code, stderr } = await countersign(args)
    expect(code).toBe(8)
    expect(stderr).toContain(`nothing answers at ${server}`)
    expect(stderr).toMatch(/to try again safely: --idempotency-key cli-[0-9a-f]{32}/)
  })
})

describe('what is told', () => {
  test('data goes to stdout, talk to stderr', async () => {
    const body = { id: promotion, tier: 'high', policy: 'p' }
    const { stdout, stderr } = await against(promote, { status: 201, body })
    expect(stdout).toBe(`${promotion}\n`)
    expect(stderr).toContain('next: countersign status')
  })

  test('a refusal says what, why and the remedy, and as JSON on request', async () => {
    const answer = problem(409, 'PROMOTION_UNDER_WAY', { promotion, remedy: 'wait for it' })
    const { stdout, stderr } = await against([...promote, '--json'], answer)
    for (const text of ['the detail', 'A title', promotion, 'remedy: wait for it']) {
      expect(stderr).toContain(text)
    }
    expect(JSON.parse(stdout)).toMatchObject({
      error: { exitCode: 3, remedy: 'wait for it', problem: { code: 'PROMOTION_UNDER_WAY' } },
    })
  })

  test('nothing that the server says reaches the terminal unescaped, and the token never does', async () => {
    const evil = '\u001B[2J\u202Egpj\u009B31m\r\n'
    const hostile = {
      ...detail,
      model: evil,
      checks: [],
      tier: evil,
      requestedBy: { id: evil, name: evil },
    }
    for (const json of [[], ['--json']]) {
      const told = await against(['status', promotion, ...json], { body: hostile })
      expect(told.code).toBe(0)
      expect(told.stdout.replaceAll('\n', '')).not.toMatch(/[\p{C}]/u)
      expect(told.stdout + told.stderr).not.toContain(secret)
    }
    const refused = await against(
      promote,
      problem(422, 'NO_POLICY', { detail: evil, remedy: evil }),
    )
    expect(refused.stderr.replaceAll('\n', '')).not.toMatch(/[\p{C}]/u)
  })
})

describe('a decision is sent once, however often it is asked for', () => {
  test('the same key again where the network failed after sending', async () => {
    const opened = { status: 201, body: { id: promotion, tier: 't', policy: 'p' } }
    const { code, asked } = await against(promote, (_, count) => (count < 3 ? 'hang-up' : opened))
    expect(code).toBe(0)
    expect(asked).toHaveLength(3)
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1)
  })

  test('another key for another command, and a given key as it is', async () => {
    const opened = { status: 201, body: { id: promotion, tier: 't', policy: 'p' } }
    const keys: (string | undefined)[] = []
    for (const more of [[], [], ['--idempotency-key', 'my-own-key']]) {
      keys.push((await against([...promote, ...more], opened)).asked[0]?.key)
    }
    expect(new Set(keys).size).toBe(3)
    expect(keys[2]).toBe('my-own-key')
  })

  test('a refusal is not asked again', async () => {
    expect((await against(promote, problem(503, 'WORKER_UNAVAILABLE'))).asked).toHaveLength(1)
  })
})

describe('nobody signs what they did not see', () => {
  const [seat] = detail.seats
  const withSlice = (changed: object, isResealed: boolean) => {
    const other = { ...slice, ...changed }
    const decisionDigest = isResealed ? digestOfJson(other) : seat?.decisionDigest
    return { seats: [{ ...seat, slice: other, decisionDigest }] }
  }

  test.each<[string, { detail?: object; report?: object }]>([
    ['a slice that its digest does not stand for', { detail: withSlice({ tier: ['low'] }, false) }],
    ['a slice of another model', { detail: withSlice({ modelDigest: digestOfJson('x') }, true) }],
    ['a slice of another environment', { detail: withSlice({ environment: 'test' }, true) }],
    ['a slice of another seat', { detail: withSlice({ seat: 'other' }, true) }],
    [
      'a result that is not shown',
      {
        detail: withSlice({ results: [{ check: 'scan', resultDigest: digestOfJson('x') }] }, true),
      },
    ],
    ['a result that was changed', { report: { result: { ...result, outcome: 'failed' } } }],
  ])('%s ends with 6, and nothing is sent', async (_, parts) => {
    const { code, asked } = await against(forSigning, signing(parts))
    expect(code).toBe(6)
    expect(asked.filter(({ method }) => method === 'POST')).toEqual([])
  })

  test('a seat that is not there, and one that asks nothing yet, end with 3', async () => {
    const other = await against(
      [...forSigning.slice(0, 3), 'none', ...forSigning.slice(4)],
      signing(),
    )
    expect(other.code).toBe(3)
    const early = { detail: { seats: [{ ...seat, slice: null, decisionDigest: null }] } }
    expect((await against(forSigning, signing(early))).code).toBe(3)
  })

  test('what is signed is shown first', async () => {
    const { code, stderr, asked } = await against(forSigning, signing())
    expect(code).toBe(0)
    expect(stderr).toContain('You approve diabetes-risk 1 → production at seat model-risk')
    expect(stderr).toContain(`${digestOfJson(slice)}  (recomputed here)`)
    expect(asked.at(-1)?.body).toEqual({
      seat: 'model-risk',
      decisionDigest: digestOfJson(slice),
      verdict: 'approve',
      reason: 'fine',
    })
  })
})

describe('a key of their own', () => {
  async function newKey() {
    const path = join(temporaryFolder(), 'me.key')
    expect((await countersign(['keys', 'new', '--out', path])).code).toBe(0)
    return path
  }

  test('is made private, with its public half beside it, and never written over', async () => {
    const path = await newKey()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(`${path}.pub`, 'utf8')).toContain('BEGIN PUBLIC KEY')
    const before = readFileSync(path, 'utf8')
    expect((await countersign(['keys', 'new', '--out', path])).code).toBe(2)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('that others can read is refused', async () => {
    const path = join(temporaryFolder(), 'open.key')
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o644 })
    const { code, asked } = await against([...forSigning, '--key', path], signing())
    expect({ code, asked }).toEqual({ code: 2, asked: [] })
  })

  test('signs a statement over exactly what is sent', async () => {
    const path = await newKey()
    const { code, asked } = await against([...forSigning, '--key', path], signing())
    expect(code).toBe(0)
    const { body, key } = asked.at(-1) ?? {}
    const { statement, signature, reasonSalt } = body as Record<string, unknown>
    const signed = signedStatement.parse({ statement, signature })
    expect(isSignedBy(signed, [createPublicKey(readFileSync(`${path}.pub`))])).toBe(true)
    expect(signed.statement).toMatchObject({
      act: 'sign-off',
      nonce: key,
      promotion,
      development: true,
    })
    const said = {
      seat: 'model-risk',
      decisionDigest: digestOfJson(slice),
      verdict: 'approve',
      reason: textDigest({ salt: String(reasonSalt), text: 'fine' }) satisfies Digest,
      conditions: null,
    }
    expect(signed.statement.bodyDigest).toBe(digestOfJson(said))
  })

  test('can give a Signal for Temporal, once the reason is kept', async () => {
    const path = await newKey()
    const args = [...forSigning, '--key', path, '--statement']
    const { code, stdout, asked } = await against(args, signing())
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^temporal workflow signal --workflow-id 'promotion:production:diabetes-risk:1' --name act --input '\{"act":"sign-off".*\}'\n$/,
    )
    expect(asked.at(-1)).toMatchObject({
      path: `/v1/promotions/${promotion}/reasons`,
      body: { reason: 'fine' },
    })
    expect(stdout).not.toContain('fine')
  })
})
