import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFileLog } from '../../recorder/file-log.js'
import { loadInstallation } from '../../src/main/installation.js'
import { countersign, silentAddress, temporaryFolder } from './cli-support.js'

/** A home as a stopped installation leaves it, with some events in its log. */
async function stoppedHome(): Promise<string> {
  const home = join(temporaryFolder(), 'home')
  loadInstallation(home, true)
  const log = await openFileLog({ dir: home })
  const event = {
    type: 'alias-seen',
    at: '2026-11-22T20:29:00.000Z',
    person: null,
    body: { version: '1' },
  }
  await log.append('alias:production:m', 0, [event])
  await log.close()
  return home
}

/** What events say; the leaves beside it hold only digests. */
const bodies = 'payloads/bodies.jsonl'

const at = (home: string) => ({ COUNTERSIGN_HOME: home })

describe('backup and restore', () => {
  test('a home that is written at this moment is not copied', async () => {
    const home = await stoppedHome()
    const log = await openFileLog({ dir: home })
    const out = join(temporaryFolder(), 'backup')
    const told = await countersign(['backup', '--out', out], at(home))
    await log.close()
    expect(told.code).toBe(3)
    expect(told.stderr).toContain('stop it')
    expect(existsSync(out)).toBe(false)
  })

  test('a damaged log is not backed up as if it were sound', async () => {
    const home = await stoppedHome()
    const path = join(home, bodies)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"1"', '"2"'))
    const told = await countersign(['backup', '--out', join(temporaryFolder(), 'b')], at(home))
    expect(told).toMatchObject({ code: 6 })
    expect(told.stderr).toContain('the log is damaged')
  })

  test('what was restored is what was there, and keys stay private', async () => {
    const home = await stoppedHome()
    const out = join(temporaryFolder(), 'backup')
    expect((await countersign(['backup', '--out', out], at(home))).code).toBe(0)
    expect(statSync(out).mode & 0o777).toBe(0o700)
    const other = join(temporaryFolder(), 'other')
    const told = await countersign(['restore', out], at(other))
    expect(told.code).toBe(0)
    expect(told.stdout).toContain('1 events in 1 streams')
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(home, name)).isFile(),
    )
    expect(files.length).toBeGreaterThan(6)
    for (const file of files) {
      expect(readFileSync(join(other, file))).toEqual(readFileSync(join(home, file)))
      expect(statSync(join(other, file)).mode).toBe(statSync(join(home, file)).mode)
    }
    const again = await countersign(['restore', out], at(other))
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('set COUNTERSIGN_HOME to a folder that is not there yet')
  })

  test('a changed backup is refused, also where its list was changed to fit, and leaves nothing', async () => {
    const home = await stoppedHome()
    const out = join(temporaryFolder(), 'backup')
    await countersign(['backup', '--out', out], at(home))
    const path = join(out, bodies)
    const hashOf = () => createHash('sha256').update(readFileSync(path)).digest('hex')
    const before = hashOf()
    writeFileSync(path, readFileSync(path, 'utf8').replace('"1"', '"2"'))
    const other = join(temporaryFolder(), 'other')
    const changed = await countersign(['restore', out], at(other))
    expect(changed).toMatchObject({ code: 6 })
    expect(changed.stderr).toContain(`${bodies} was changed since the backup`)
    const manifest = join(out, 'backup.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(before, hashOf()))
    const fitted = await countersign(['restore', out], at(other))
    expect(fitted).toMatchObject({ code: 6 })
    expect(fitted.stderr).toContain('the log is damaged')
    expect(existsSync(other)).toBe(false)
  })

  test('a list that leads out of the folder is refused', async () => {
    const home = await stoppedHome()
    const out = join(temporaryFolder(), 'backup')
    await countersign(['backup', '--out', out], at(home))
    const manifest = join(out, 'backup.json')
    const text = readFileSync(manifest, 'utf8').replace('installation.json', '../../x.json')
    writeFileSync(manifest, text)
    expect((await countersign(['restore', out], at(join(temporaryFolder(), 'o')))).code).toBe(7)
  })
})

describe('a model on a laptop', () => {
  test.each([
    ['diabetes-risk/1', [], 0, 'evaluation  passed'],
    ['diabetes-risk/2', ['--only', 'provenance'], 3, 'The file is not the one that was signed'],
    ['diabetes-risk/3', ['--only', 'provenance,scan'], 3, 'nobody signed this model'],
    ['diabetes-risk/4', ['--only', 'evaluation'], 3, "'female' are selected"],
    ['diabetes-risk/5', ['--only', 'scan'], 3, 'Python pickle'],
    ['diabetes-risk/5', ['--only', 'evaluation'], 7, 'Only an ONNX model can be run'],
  ])('%s %j: %i', async (version, only, expected, text) => {
    const path = `examples/registry/${version}`
    const told = await countersign(['check', path, '--model', 'diabetes-risk', ...only])
    expect(told.code).toBe(expected)
    expect(told.stdout).toContain(text)
  })

  test('is nowhere: 3; an unknown policy or check: 2', async () => {
    const path = 'examples/registry/diabetes-risk/1'
    expect((await countersign(['check', '/nowhere', '--policy', 'ward'])).code).toBe(3)
    expect((await countersign(['check', path, '--policy', 'none'])).code).toBe(2)
    expect((await countersign(['check', path, '--policy', 'ward', '--only', 'x'])).code).toBe(2)
  })

  test('as JSON it says which bytes were checked by which policy', async () => {
    const args = ['check', 'examples/registry/ward-forecast/1', '--policy', 'ward', '--json']
    const { code, stdout } = await countersign([...args, '--only', 'scan'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      policy: 'ward',
      modelDigest: expect.stringMatching(/^sha256:/),
      checks: { scan: { outcome: 'passed' } },
    })
  })
})

describe('governance, without a server', () => {
  test.each(['owners', 'policy'])('%s lint has no error to tell of the examples', async (which) => {
    expect((await countersign([which, 'lint', 'examples/governance'])).code).toBe(0)
  })

  test('a set that does not stand: 3, with the file', async () => {
    const folder = join(temporaryFolder(), 'governance')
    cpSync('examples/governance', folder, { recursive: true })
    rmSync(join(folder, 'policies/ward.yaml'))
    const { code, stderr } = await countersign(['owners', 'lint', folder])
    expect(code).toBe(3)
    expect(stderr).toContain('files.policies/ward.yaml is listed, but is not in the folder')
  })
})

test('the doctor names each part, and ends with 8 where no server answers', async () => {
  const server = await silentAddress()
  const env = { COUNTERSIGN_REGISTRY: 'examples/registry' }
  const { code, stdout } = await countersign(['doctor', '--server', server], env)
  expect(code).toBe(8)
  expect(stdout).toMatch(/^ok +versions/m)
  expect(stdout).toMatch(/^ok +governance +valid, sequence \d+, 2 policies$/m)
  expect(stdout).toMatch(/^warn +registry .* detected, not prevented$/m)
  expect(stdout).toMatch(/^fail +api +nothing answers/m)
})

test('the doctor tells each fault of a governance folder on a line of its own', async () => {
  const server = await silentAddress()
  const folder = join(temporaryFolder(), 'governance')
  cpSync('examples/governance', folder, { recursive: true })
  const owners = join(folder, 'owners.yaml')
  writeFileSync(owners, readFileSync(owners, 'utf8').replace(/^teams:/m, 'teems:'))
  const env = { COUNTERSIGN_REGISTRY: 'examples/registry', COUNTERSIGN_GOVERNANCE: folder }
  const { stdout } = await countersign(['doctor', '--server', server], env)
  expect(stdout).toMatch(/^ +owners\.yaml:\d+:1: teems is no field/m)
  expect(stdout).not.toContain('\\u{a}')
})

test('a token for nobody in particular is a usage fault; without a running provider it is none', async () => {
  expect((await countersign(['token'])).code).toBe(2)
  expect((await countersign(['token', '--as', 'mira'])).code).toBe(2)
})
