import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createRecorderClient } from '../../../recorder/client.js'
import { startRecorder, type RunningRecorder } from '../../../recorder/start-recorder.js'
import { event, newFolder } from './helpers.js'

const token = 'token-of-worker'
const follow = { minBackoffMs: 5, maxBackoffMs: 20, silenceMs: 200 }

async function start(dir: string, port = 0): Promise<RunningRecorder> {
  const recorder = await startRecorder({
    dir,
    port,
    tokens: [{ role: 'worker', token }],
    keepAliveMs: 50,
  })
  onTestFinished(() => recorder.close())
  return recorder
}

test('a recorder that is away is said to be unavailable, with the remedy', async () => {
  const recorder = await start(await newFolder())
  const client = createRecorderClient({ url: recorder.url, token })
  await recorder.close()
  const attempts = [() => client.append('governance', 0, [event('a')]), () => client.size()]
  for (const attempt of attempts) {
    await expect(attempt()).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
      message: new RegExp(recorder.url),
      detail: { remedy: expect.stringContaining('sent again') },
    })
  }
})

test('a recorder that hangs is given up after the time allowed', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const client = createRecorderClient({ url: `http://127.0.0.1:${port}`, token, timeoutMs: 50 })
  await expect(client.size()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' })
})

test('a refusal keeps its code, field and remedy on the way', async () => {
  const { url } = await start(await newFolder())
  const client = createRecorderClient({ url, token })
  await expect(client.append('governance', 0, [])).rejects.toMatchObject({
    name: 'PromotionError',
    code: 'MALFORMED',
    detail: { field: 'events' },
  })
  await expect(client.append('alias:a:b', 0, [event('alias-moved')])).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
  })
})

test('a token that the recorder does not know is an outage that somebody must mend, and no refusal of what was asked', async () => {
  const { url } = await start(await newFolder())
  const stranger = createRecorderClient({ url, token: 'unknown' })
  const outage = {
    code: 'LOG_UNAVAILABLE',
    detail: { remedy: expect.stringMatching(/recorder-ROLE\.token/) },
  }
  await expect(stranger.size()).rejects.toMatchObject(outage)
  await expect(stranger.append('governance', 0, [event('a')])).rejects.toMatchObject(outage)
  const following = stranger.follow(0, new AbortController().signal)[Symbol.asyncIterator]()
  await expect(following.next()).rejects.toMatchObject(outage)
})

test('following goes on across restarts of the recorder: each event once, in order', async () => {
  const dir = await newFolder()
  let recorder = await start(dir)
  const { port, url } = recorder
  const client = createRecorderClient({ url, token, follow })
  const stop = new AbortController()
  const following = client.follow(0, stop.signal)[Symbol.asyncIterator]()
  for (let position = 0; position < 6; position += 1) {
    await client.append('governance', position, [event('a')])
    expect((await following.next()).value).toMatchObject({ position })
    if (position % 2 === 1) continue
    await recorder.close()
    recorder = await start(dir, port)
  }
  stop.abort()
  expect((await following.next()).done).toBe(true)
})

test('a connection that fell silent is replaced by another one', async () => {
  let connections = 0
  const server = createServer((request, response) => {
    connections += 1
    response.writeHead(200, { 'content-type': 'application/jsonl' })
    response.write('\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const stop = new AbortController()
  const client = createRecorderClient({ url, token, follow: { ...follow, silenceMs: 20 } })
  const following = client.follow(0, stop.signal)[Symbol.asyncIterator]().next()
  await expect.poll(() => connections).toBeGreaterThan(2)
  stop.abort()
  expect((await following).done).toBe(true)
  server.closeAllConnections()
  server.close()
})

test('stopping ends what follows and gives the folder free', async () => {
  const dir = await newFolder()
  const first = await start(dir)
  const client = createRecorderClient({ url: first.url, token, follow })
  const stop = new AbortController()
  const following = client.follow(0, stop.signal)[Symbol.asyncIterator]().next()
  await client.append('governance', 0, [event('a')])
  expect((await following).value).toMatchObject({ position: 0 })
  await first.close()
  expect((await start(dir)).leaves).toBe(1)
  stop.abort()
})

test('a port that is taken is named', async () => {
  const { port } = await start(await newFolder())
  await expect(start(await newFolder(), port)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: new RegExp(`127\\.0\\.0\\.1:${port}`),
  })
})
