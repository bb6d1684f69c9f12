import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { settingsExitCode } from '../process.js'
import { startChild } from './child.js'
import type { ChildDeps, RunningChild } from './child.js'
import type { Entry } from './entry.js'

export interface KeeperDeps extends ChildDeps {
  /** ms before a process that died is started again: the first time, and at most. */
  readonly backoffMs: { readonly first: number; readonly most: number }
}

/** Keeps one process running until it is stopped. */
export interface Keeper {
  readonly entry: Entry
  /** Resolves when it does its work for the first time. */
  readonly ready: Promise<unknown>
  start(): void
  /** Asks it to end, and ends it when it has not within its time. */
  stop(): Promise<void>
  kill(): void
}

/** A process that ran this long was well; its next failure is a new one. */
const steadyMs = 60_000

const probeEveryMs = 100

export function createKeeper(entry: Entry, deps: KeeperDeps): Keeper {
  let child: RunningChild | null = null
  let failures = 0
  const stopping = new AbortController()
  const { signal } = stopping
  const events = new EventEmitter()
  const ready = once(events, 'ready')

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      const startedAt = Date.now()
      child = startChild(entry, deps)
      void readyOf(entry, child).then((isReady) => isReady && events.emit('ready'))
      const end = await child.ended
      child = null
      if (signal.aborted) return
      if (end === settingsExitCode) {
        deps.say(`${entry.name}: stays down until its settings are mended; then start again.`)
        return
      }
      failures = Date.now() - startedAt > steadyMs ? 0 : failures
      const waitMs = Math.min(deps.backoffMs.first * 2 ** failures, deps.backoffMs.most)
      failures += 1
      deps.say(`${entry.name}: ended (${end}); started again in ${waitMs / 1000} s.`)
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
    }
  }

  return {
    entry,
    ready,
    start: () => void keep(),
    stop: async () => {
      stopping.abort()
      if (child) await endChild(child, entry, deps)
    },
    kill: () => {
      stopping.abort()
      child?.process.kill('SIGKILL')
    },
  }
}

async function endChild(child: RunningChild, entry: Entry, deps: ChildDeps): Promise<void> {
  child.process.kill('SIGTERM')
  const timer = setTimeout(() => {
    deps.say(`${entry.name}: did not end by itself, and was ended.`)
    child.process.kill('SIGKILL')
  }, entry.stopWithinMs)
  await child.ended
  clearTimeout(timer)
}

async function readyOf({ ready }: Entry, child: RunningChild): Promise<boolean> {
  if (ready === 'started') return true
  const ended = child.ended.then(() => false)
  if (ready === 'line') return Promise.race([child.saidReady.then(() => true), ended])
  const probing = new AbortController()
  void ended.then(() => probing.abort())
  while (!probing.signal.aborted) {
    if (await answers(ready.port, ready.host)) return true
    await delay(probeEveryMs)
  }
  return false
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const settle = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
