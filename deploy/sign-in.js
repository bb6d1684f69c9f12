#!/usr/bin/env node
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Signs a person in at Dex with a device code and writes the token where `countersign --token-file` reads it.
 *
 *     deploy/sign-in.js FILE [ISSUER]
 */
const [file, issuer = 'http://localhost:5556'] = process.argv.slice(2)
const client = 'countersign'

/** @param {string} path @param {Record<string, string>} fields */
async function ask(path, fields) {
  const response = await fetch(`${issuer}${path}`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: client, ...fields }),
    redirect: 'error',
    signal: AbortSignal.timeout(10_000),
  })
  const answer = await response.json().catch(() => ({ error: `status ${response.status}` }))
  return { ok: response.ok, answer }
}

async function token() {
  const { ok, answer } = await ask('/device/code', { scope: 'openid profile email' })
  if (!ok) throw new Error(`${issuer} gave no device code: ${answer.error}`)
  const { device_code, expires_in, verification_uri_complete } = answer
  process.stderr.write(`Sign in here: ${verification_uri_complete}\n`)
  const endsAt = Date.now() + expires_in * 1000
  let seconds = answer.interval ?? 5
  while (Date.now() < endsAt) {
    await pause(seconds * 1000)
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const polled = await ask('/token', { grant_type, device_code })
    if (polled.ok) return polled.answer.access_token
    if (polled.answer.error === 'slow_down') seconds += 5
    else if (polled.answer.error !== 'authorization_pending') {
      throw new Error(`${issuer} gave no token: ${polled.answer.error}`)
    }
  }
  throw new Error('nobody signed in in time')
}

try {
  if (file === undefined) throw new Error('usage: sign-in.js FILE [ISSUER]')
  const text = await token()
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const half = `${file}.half`
  writeFileSync(half, `${text}\n`, { mode: 0o600 })
  renameSync(half, file)
  process.stderr.write(`The token is in ${file}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
