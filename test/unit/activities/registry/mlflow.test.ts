import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createMlflowAliasWriter,
  createMlflowRegistry,
} from '../../../../activities/registry/mlflow.js'

/** A tracking server that lies. The honest one is met in test/peers. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void

const servers: Server[] = []
let answers: Record<string, Answer> = {}
let asked: string[] = []
let elsewhere: string[] = []
let baseUrl = ''
let elsewhereUrl = ''

async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json =
  (body: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const at = (uri: string) => json({ artifact_uri: uri })

const lists = (...files: { path?: unknown; is_dir?: boolean; file_size?: unknown }[]) =>
  json({ files })

const getVersion = '/api/2.0/mlflow/model-versions/get'
const getUri = '/api/2.0/mlflow/model-versions/get-download-uri'
const getModel = '/api/2.0/mlflow/registered-models/get'
const artifacts = '/api/2.0/mlflow-artifacts/artifacts'

beforeEach(async () => {
  asked = []
  elsewhere = []
  answers = {
    [getVersion]: json({ model_version: { name: 'risk', version: '1' } }),
    [getUri]: at('mlflow-artifacts:/0/run/artifacts/model'),
  }
  baseUrl = await serve((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    asked.push(request.url ?? '')
    const answer = answers[path] ?? answers['*'] ?? json({ error_code: 'ENDPOINT_NOT_FOUND' }, 404)
    answer(request, response)
  })
  elsewhereUrl = await serve((request, response) => {
    elsewhere.push(request.url ?? '')
    response.end('{}')
  })
})

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const registry = (timeoutMs = 5000) =>
  createMlflowRegistry({ baseUrl, timeoutMs, token: 'very-secret' })
const files = () => registry().files('risk', '1')
const unavailable = { code: 'REGISTRY_UNAVAILABLE' }

async function drain(path: string, timeoutMs?: number): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await registry(timeoutMs).open('risk', '1', path)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

test.each([301, 302, 307, 308])(
  'a redirect (%i) to another address is not followed',
  async (status) => {
    const away: Answer = (_, response) =>
      response.writeHead(status, { location: `${elsewhereUrl}/steal` }).end()
    answers[getVersion] = away
    await expect(registry().version('risk', '1')).rejects.toMatchObject(unavailable)
    answers[getVersion] = json({ model_version: { name: 'risk', version: '1' } })
    answers[`${artifacts}/0/run/artifacts/model/f`] = away
    await expect(drain('f')).rejects.toMatchObject(unavailable)
    expect(elsewhere).toEqual([])
  },
)

test('no address that the registry names is asked', async () => {
  const places = [
    `${elsewhereUrl}/model`,
    `mlflow-artifacts://${elsewhereUrl.slice('http://'.length)}/model`,
    'file:///etc',
    '/etc',
    's3://bucket/model',
    'models:/m-1',
    'mlflow-artifacts:/',
    'mlflow-artifacts:/../../etc',
    'mlflow-artifacts:/0/%2e%2e/etc',
    'mlflow-artifacts:/0/model?x=1',
    '',
  ]
  for (const place of places) {
    answers[getUri] = at(place)
    await expect(files()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
  }
  expect(asked.filter((url) => url.startsWith(artifacts))).toEqual([])
  expect(elsewhere).toEqual([])
})

test.each([
  '..',
  '.',
  '',
  'a/b',
  '../x',
  'a\\b',
  'a\u0000b',
  'a\nb',
  'a\u202eb',
  '%2e%2e',
  'x'.repeat(1025),
])('a file that is listed as %j is refused', async (path) => {
  answers[artifacts] = lists({ path, is_dir: false, file_size: 1 })
  await expect(files()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test.each([-1, 1.5, '12x', 2 ** 60, {}])('a file of size %j is refused', async (size) => {
  answers[artifacts] = lists({ path: 'f', is_dir: false, file_size: size })
  await expect(files()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test('a nameless file makes the registry unavailable', async () => {
  answers[artifacts] = lists({ is_dir: false, file_size: 1 })
  await expect(files()).rejects.toMatchObject(unavailable)
})

test('folders without end are refused', async () => {
  answers[artifacts] = lists({ path: 'deeper', is_dir: true })
  await expect(files()).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' })
})

test('pages without end make the registry unavailable', async () => {
  answers['/api/2.0/mlflow/registered-models/search'] = json({
    registered_models: [{ name: 'risk' }],
    next_page_token: 'again',
  })
  await expect(registry().models()).rejects.toMatchObject(unavailable)
}, 20_000)

test.each<[string, Answer]>([
  ['fails', json({ error_code: 'INTERNAL_ERROR' }, 500)],
  ['is overloaded', (_, response) => response.writeHead(503).end('busy')],
  ['does not know us', (_, response) => response.writeHead(403).end('no')],
  ['answers with a page', (_, response) => response.end('<html>')],
  ['answers with a list', json([])],
  ['hangs up', (_, response) => response.destroy()],
  ['has no such address', json({ error_code: 'ENDPOINT_NOT_FOUND' }, 404)],
  ['answers too much', (_, response) => response.end(`"${'x'.repeat(9 * 1024 * 1024)}"`)],
])(
  'a server that %s is unavailable, and the message names the call but no token',
  async (_, answer) => {
    answers[getVersion] = answer
    const error = await registry()
      .version('risk', '1')
      .catch((caught: unknown) => caught as Error)
    expect(error).toMatchObject(unavailable)
    expect((error as Error).message).toMatch(/version "1" of "risk"/)
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('very-secret')
  },
)

test('a server that does not answer in time is unavailable', async () => {
  answers[getVersion] = () => undefined
  await expect(registry(50).version('risk', '1')).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining('no answer within 50 ms') as string,
  })
})

test('a server that stops in the middle of its words is unavailable', async () => {
  answers[getVersion] = (_, response) => void response.write('{"model_version":')
  await expect(registry(50).version('risk', '1')).rejects.toMatchObject(unavailable)
})

test('a download that stands still is unavailable', async () => {
  answers['*'] = (_, response) => void response.writeHead(200, { 'content-length': 100 }).write('x')
  await expect(drain('f', 200)).rejects.toMatchObject(unavailable)
})

test('a download that breaks off is unavailable', async () => {
  answers['*'] = (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy())
  }
  await expect(drain('f')).rejects.toMatchObject(unavailable)
})

test('bytes whose encoding was changed on the way are not taken', async () => {
  answers['*'] = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
  await expect(drain('f')).rejects.toMatchObject(unavailable)
})

test('nobody at the address is unavailable', async () => {
  const gone = createMlflowRegistry({ baseUrl: 'http://127.0.0.1:1' })
  await expect(gone.models()).rejects.toMatchObject(unavailable)
  await expect(gone.alias('risk', 'production')).rejects.toMatchObject(unavailable)
})

test.each([
  { name: 'risk', version: '2' },
  { name: 'other', version: '1' },
  { name: 'risk', version: '1', status: 'PENDING_REGISTRATION' },
])('an answer about another version, or one that is not ready, is none: %j', async (answer) => {
  answers[getVersion] = json({ model_version: answer })
  await expect(registry().version('risk', '1')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  await expect(files()).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
})

test('a filter that lets other models through changes nothing', async () => {
  answers[getModel] = json({ registered_model: { name: 'risk' } })
  answers['/api/2.0/mlflow/model-versions/search'] = json({
    model_versions: [
      { name: 'other', version: '7' },
      { name: 'risk', version: '1' },
    ],
  })
  expect((await registry().versions('risk')).map(({ version }) => version)).toEqual(['1'])
})

test('every part of a path is encoded on the way', async () => {
  answers['*'] = (_, response) => response.end('bytes')
  expect(await drain('a?b#c/100% é')).toBe('bytes')
  expect(asked.at(-1)).toBe(`${artifacts}/0/run/artifacts/model/a%3Fb%23c/100%25%20%C3%A9`)
})

test('an alias that somebody else writes at the same moment is told, not claimed', async () => {
  let reads = 0
  answers[getModel] = (request, response) => {
    reads += 1
    const aliases = reads === 1 ? [] : [{ alias: 'production', version: '9' }]
    json({ registered_model: { name: 'risk', aliases } })(request, response)
  }
  answers['/api/2.0/mlflow/registered-models/alias'] = json({})
  const writer = createMlflowAliasWriter({ baseUrl })
  expect(await writer.moveAlias('risk', 'production', null, '1')).toEqual({
    moved: false,
    found: '9',
  })
})

test.each(['ftp://127.0.0.1', 'http://user:word@127.0.0.1', 'http://127.0.0.1/?a=b', 'nonsense'])(
  'the address %s is refused at once',
  (address) => {
    expect(() => createMlflowRegistry({ baseUrl: address })).toThrow(/not a plain http address/)
  },
)

test('a server under a path is asked under that path', async () => {
  const under = createMlflowRegistry({ baseUrl: `${baseUrl}/tracking/` })
  answers[`/tracking${getModel}`] = json({ registered_model: { name: 'risk' } })
  expect(await under.alias('risk', 'production')).toBeNull()
  expect(asked).toEqual([`/tracking${getModel}?name=risk`])
})
