import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createRecorderClient } from '../../recorder/client.js'
import { startRecorder } from '../../recorder/start-recorder.js'
import { loadTokens } from '../../recorder/tokens.js'

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

test('a follower of the log ends when it is told to, also after a garbage collection', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-follow-'))
  const tokens = await loadTokens(dir)
  const recorder = await startRecorder({ dir, port: 0, tokens })
  const token = tokens.find(({ role }) => role === 'worker')?.token ?? ''
  const log = createRecorderClient({ url: recorder.url, token })
  const event = { type: 'governance-seen', at: new Date().toISOString(), person: null, body: {} }
  await log.append('governance', 0, [event])
  const stopping = new AbortController()
  const seen: string[] = []
  const followed = (async () => {
    for await (const { leaf } of log.follow(0, stopping.signal)) seen.push(leaf.type)
    return 'ended'
  })()
  await expect.poll(() => seen).toEqual(['governance-seen'])
  for (let round = 0; round < 3; round += 1) {
    collectGarbage()
    await delay(50)
  }
  stopping.abort()
  expect(await Promise.race([followed, delay(5_000, 'still follows')])).toBe('ended')
  await recorder.close()
  rmSync(dir, { recursive: true, force: true })
})
