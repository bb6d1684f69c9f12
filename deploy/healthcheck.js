#!/usr/bin/env node
import { Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'

/**
 * Whether one of our processes does its work; exit code 0 is yes.
 *
 *     healthcheck.js http URL       it answers 200
 *     healthcheck.js queue NAME     somebody has asked this task queue for work within two minutes
 */

const withinMs = 5_000
// A poll lasts a minute where there is nothing to do, and is noted when it begins.
const pollIsFreshMs = 120_000

/** @param {string} url */
async function answers(url) {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(withinMs) })
  await response.body?.cancel()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
}

/** @param {string} name */
async function isPolled(name) {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: withinMs })
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      // TASK_QUEUE_TYPE_ACTIVITY: both workers run activities, only one runs workflows.
      taskQueueType: 2,
    })
    const seen = pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000)
    const latest = Math.max(0, ...seen)
    if (Date.now() - latest > pollIsFreshMs) throw new Error(`nobody serves task queue ${name}`)
  } finally {
    await connection.close()
  }
}

const checks = { http: answers, queue: isPolled }
const [kind, target] = process.argv.slice(2)
try {
  const check = Object.hasOwn(checks, kind ?? '') ? checks[kind] : null
  if (check === null || target === undefined)
    throw new Error('usage: healthcheck.js http|queue TARGET')
  await check(target)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
