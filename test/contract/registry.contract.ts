import { expect, test } from 'vitest'
import type { AliasWriter, ModelRegistry } from '../../activities/registry/registry.js'

export interface Seed {
  readonly tags?: Readonly<Record<string, string>>
  /** When the training run began, in ms since the Unix epoch. */
  readonly startedAtMs?: number
}

/** A registry that the suite may fill. */
export interface RegistrySubject {
  readonly registry: ModelRegistry
  readonly writer: AliasWriter
  /** Adds a version and tells which. */
  seed(model: string, files: Readonly<Record<string, string>>, seed?: Seed): Promise<string>
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('utf8')
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1
}

const files = { 'model.onnx': 'weights', 'data/empty': '', 'a b/é/100% sure.txt': 'words' }

function answersContract(subject: () => RegistrySubject) {
  test.each(['../etc', 'a/b', 'a\\b', '..', '', 'a\u0000b', 'a\u202eb', 'x'.repeat(129)])(
    'a model called %j is refused before anything is asked',
    async (model) => {
      const { registry, writer } = subject()
      const refused = { code: 'MODEL_NOT_FOUND' }
      await expect(registry.version(model, '1')).rejects.toMatchObject(refused)
      await expect(registry.versions(model)).rejects.toMatchObject(refused)
      await expect(registry.files(model, '1')).rejects.toMatchObject(refused)
      await expect(registry.alias(model, 'production')).rejects.toMatchObject(refused)
      await expect(writer.moveAlias(model, 'production', null, '1')).rejects.toMatchObject(refused)
    },
  )

  test.each(['..', '../1', '', '1/2', '1\n', '%2e%2e'])(
    'a version called %j is refused',
    async (version) => {
      const { registry, seed } = subject()
      await seed('versioned', files)
      const refused = { code: 'MODEL_NOT_FOUND' }
      await expect(registry.version('versioned', version)).rejects.toMatchObject(refused)
      await expect(registry.open('versioned', version, 'model.onnx')).rejects.toMatchObject(refused)
    },
  )

  test('an unknown model and an unknown version are not found', async () => {
    const { registry, seed } = subject()
    await seed('known', files)
    const refused = { code: 'MODEL_NOT_FOUND' }
    await expect(registry.version('unknown', '1')).rejects.toMatchObject(refused)
    await expect(registry.versions('unknown')).rejects.toMatchObject(refused)
    await expect(registry.version('known', '999')).rejects.toMatchObject(refused)
    await expect(registry.files('known', '999')).rejects.toMatchObject(refused)
  })

  test.each(['../model.onnx', '/etc/passwd', 'a/../../x', 'a//b', 'a\\b', '', 'a\nb'])(
    'no path like %j is opened',
    async (path) => {
      const { registry, seed } = subject()
      const version = await seed('paths', files)
      await expect(registry.open('paths', version, path)).rejects.toMatchObject({
        code: 'SNAPSHOT_REFUSED',
      })
    },
  )

  test('a file that went away is unstable, not empty', async () => {
    const { registry, seed } = subject()
    const version = await seed('gone', files)
    await expect(registry.open('gone', version, 'other.onnx')).rejects.toMatchObject({
      code: 'SNAPSHOT_UNSTABLE',
    })
  })
}

function readingContract(subject: () => RegistrySubject) {
  test('every file is listed with its size and read as it was written', async () => {
    const { registry, seed } = subject()
    const version = await seed('files', files)
    const listed = await registry.files('files', version)
    expect(listed.toSorted(byPath)).toEqual([
      { path: 'a b/é/100% sure.txt', sizeBytes: 5 },
      { path: 'data/empty', sizeBytes: 0 },
      { path: 'model.onnx', sizeBytes: 7 },
    ])
    for (const [path, text] of Object.entries(files))
      expect(await textOf(await registry.open('files', version, path))).toBe(text)
  })

  test('a large file arrives whole, in more than one piece', async () => {
    const { registry, seed } = subject()
    const text = 'countersign '.repeat(300_000)
    const version = await seed('large', { 'model.bin': text })
    let pieces = 0
    let sizeBytes = 0
    for await (const chunk of await registry.open('large', version, 'model.bin')) {
      pieces += 1
      sizeBytes += chunk.length
    }
    expect(sizeBytes).toBe(text.length)
    expect(pieces).toBeGreaterThan(1)
  })

  test('a version tells its tags and the run that made it', async () => {
    const { registry, seed } = subject()
    const startedAtMs = Date.UTC(2026, 10, 1, 8, 30)
    const tags = { team: 'risk', __proto__x: 'ö "quoted"' }
    const version = await seed('described', files, { tags, startedAtMs })
    const found = await registry.version('described', version)
    expect(found).toMatchObject({ model: 'described', version, tags })
    expect(found.createdAt).toMatch(/^\d{4}-.*Z$/)
    expect(found.run?.startedAt).toBe('2026-11-01T08:30:00.000Z')
  })

  test('versions come in the order of their numbers, and only those of the model that was asked for', async () => {
    const { registry, seed } = subject()
    const versions = []
    for (let count = 0; count < 11; count += 1) versions.push(await seed('many', { f: `${count}` }))
    await seed('many-others', files)
    const found = await registry.versions('many')
    expect(found.map(({ version }) => version)).toEqual(versions)
    expect(await registry.models()).toEqual(expect.arrayContaining(['many', 'many-others']))
  })

  test.each([
    "odd 'one",
    'odd "two',
    'ödd-три',
    'odd%2Fthree',
    'odd+four&five=six',
    '.hidden',
    'aliases.json',
  ])('a model called %j is as good as any other', async (model) => {
    const { registry, writer, seed } = subject()
    const version = await seed(model, files)
    expect(await registry.version(model, version)).toMatchObject({ model, version })
    expect((await registry.versions(model)).map((found) => found.version)).toEqual([version])
    expect(await registry.models()).toContain(model)
    expect(await textOf(await registry.open(model, version, 'model.onnx'))).toBe('weights')
    expect(await writer.moveAlias(model, 'production', null, version)).toMatchObject({
      moved: true,
    })
    expect(await registry.alias(model, 'production')).toBe(version)
  })

  test('a caller who gives up is let go', async () => {
    const { registry, seed } = subject()
    const version = await seed('aborted', files)
    const gone = AbortSignal.abort(new Error('the worker is shutting down'))
    await expect(registry.files('aborted', version, gone)).rejects.toThrow('shutting down')
  })
}

function aliasContract(subject: () => RegistrySubject) {
  test('an alias does not move from where it is not', async () => {
    const { registry, writer, seed } = subject()
    const one = await seed('guarded', files)
    const two = await seed('guarded', files)
    expect(await writer.moveAlias('guarded', 'production', two, one)).toEqual({
      moved: false,
      found: null,
    })
    await writer.moveAlias('guarded', 'production', null, one)
    expect(await writer.moveAlias('guarded', 'production', null, two)).toEqual({
      moved: false,
      found: one,
    })
    expect(await writer.moveAlias('guarded', 'production', two, two)).toEqual({
      moved: false,
      found: one,
    })
    expect(await registry.alias('guarded', 'production')).toBe(one)
  })

  test('an alias never points to a version that is not there', async () => {
    const { registry, writer, seed } = subject()
    await seed('aimed', files)
    await expect(writer.moveAlias('aimed', 'production', null, '999')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    })
    expect(await registry.alias('aimed', 'production')).toBeNull()
  })

  test.each(['', 'a/b', '../x', 'a b', '__proto__'])(
    'an alias called %j is refused',
    async (alias) => {
      const { writer, seed } = subject()
      const version = await seed('named', files)
      await expect(writer.moveAlias('named', alias, null, version)).rejects.toMatchObject({
        code: 'MALFORMED',
      })
    },
  )

  test('an alias moves on, and can be taken away', async () => {
    const { registry, writer, seed } = subject()
    const one = await seed('moving', files)
    const two = await seed('moving', files)
    expect(await writer.moveAlias('moving', 'production', null, one)).toEqual({
      moved: true,
      found: null,
    })
    expect(await writer.moveAlias('moving', 'staging', null, one)).toMatchObject({ moved: true })
    expect(await writer.moveAlias('moving', 'production', one, two)).toEqual({
      moved: true,
      found: one,
    })
    expect(await registry.alias('moving', 'production')).toBe(two)
    expect(await writer.moveAlias('moving', 'production', two, null)).toEqual({
      moved: true,
      found: two,
    })
    expect(await registry.alias('moving', 'production')).toBeNull()
    expect(await registry.alias('moving', 'staging')).toBe(one)
  })

  test('where there is no alias or no such model, there is null', async () => {
    const { registry, seed } = subject()
    await seed('unaliased', files)
    expect(await registry.alias('unaliased', 'production')).toBeNull()
    expect(await registry.alias('no-such-model', 'production')).toBeNull()
  })
}

/** What every registry promises. Each test uses model names of its own, so that one registry can serve the whole suite. */
export function registryContract(subject: () => RegistrySubject) {
  answersContract(subject)
  readingContract(subject)
  aliasContract(subject)
}
