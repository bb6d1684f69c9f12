import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRecorderClient } from '../../recorder/client.js'
import { openFileLog } from '../../recorder/file-log.js'
import { createMemoryLog } from '../../recorder/memory-log.js'
import { createNotes } from '../../recorder/notes.js'
import { startRecorder } from '../../recorder/start-recorder.js'
import { openTextStore } from '../../recorder/text-store.js'
import { eventLogContract, type OpenedAdapter } from './event-log.contract.js'

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'countersign-log-'))
}

async function openFiles(): Promise<OpenedAdapter> {
  const dir = await newFolder()
  const log = await openFileLog({ dir })
  const texts = await openTextStore(dir)
  return {
    adapter: { ...log, ...texts, ...createNotes() },
    async close() {
      await log.close()
      await rm(dir, { recursive: true })
    },
  }
}

/** No role may do all that the contract does, so this client speaks with the token that each call needs. */
async function openServed(): Promise<OpenedAdapter> {
  const dir = await newFolder()
  const tokens = [
    { role: 'api', token: 'token-of-api' },
    { role: 'worker', token: 'token-of-worker' },
    { role: 'release', token: 'token-of-release' },
  ] as const
  const recorder = await startRecorder({ dir, port: 0, tokens })
  const clientOf = (token: string) => createRecorderClient({ url: recorder.url, token })
  const [api, worker, release] = tokens.map(({ token }) => clientOf(token))
  if (!api || !worker || !release) throw new Error('three clients were expected')
  return {
    adapter: {
      ...worker,
      append: (stream, seq, events) =>
        (stream.startsWith('alias:') ? release : worker).append(stream, seq, events),
      eraseText: (digest) => api.eraseText(digest),
    },
    async close() {
      await recorder.close()
      await rm(dir, { recursive: true })
    },
  }
}

eventLogContract('memory', async () => ({
  adapter: createMemoryLog(),
  close: () => Promise.resolve(),
}))
eventLogContract('files', openFiles)
eventLogContract('client and server', openServed)
