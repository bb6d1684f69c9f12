import { expect } from 'vitest'
import { openIntent } from '../../activities/alias-journal.js'
import { readAlias, readPromotion } from '../../activities/streams.js'
import { verifyLog } from '../../recorder/verify.js'
import { audit } from '../../src/domain/audit.js'
import type { Acknowledged } from './client.js'
import type { Installed } from './stack.js'
import type { Told } from './story.js'
import type { AliasWatch, LogWatch } from './watch.js'

/** A process that was struck at the very end is back, but may not listen yet. */
async function untilItAnswers({ outside }: Installed): Promise<void> {
  const isThere = () =>
    outside.log.size().then(
      () => true,
      () => false,
    )
  await expect.poll(isThere, { timeout: 30_000, interval: 50 }).toBe(true)
}

/** What everyone may count on after a promotion, whatever was broken on its way. */
export async function expectWell(
  stack: Installed,
  { watch, aliases }: { readonly watch: LogWatch; readonly aliases: AliasWatch },
  { model, client, acknowledged }: Told,
): Promise<void> {
  await untilItAnswers(stack)
  const events = await readPromotion(stack.outside.log, client.promotion)
  const audited = audit(events)
  expect(audited).toMatchObject({ kind: 'sound', state: { phase: 'promoted' } })
  const count = (type: string) => events.filter((event) => event.type === type).length
  expect(count('requested')).toBe(1)
  expect(count('snapshotted')).toBe(1)
  expect(count('check-completed')).toBe(3)
  expect(count('signed-off')).toBe(2)
  expect(count('promoted')).toBe(1)
  expect(count('refused')).toBe(0)
  for (const one of acknowledged) expectInLog(events, one)

  const alias = await readAlias(stack.outside.log, 'production', model)
  const types = alias.map(({ type }) => type).filter((type) => type !== 'alias-observed')
  expect(types).toEqual(['alias-intended', 'alias-moved'])
  expect(openIntent(alias)).toBeNull()
  expect(alias.filter((event) => event.type === 'alias-observed' && event.body.diverged)).toEqual(
    [],
  )
  expect(aliases.of(model)).toEqual(['1'])

  await expectWatched(stack, watch)
  expect(await verifyLog(stack.home)).toMatchObject({ kind: 'sound', headersProven: true })
}

type Events = Awaited<ReturnType<typeof readPromotion>>

const typeOf: Readonly<Record<string, string>> = {
  request: 'requested',
  'sign-off': 'signed-off',
  waiver: 'waived',
}

/** What somebody was told is among the events that were there when they were told, and only there. */
function expectInLog(events: Events, { act, person, nonce, nextSeq }: Acknowledged): void {
  const found = events.flatMap((event, seq) =>
    event.type === typeOf[act] &&
    event.person === person &&
    'signed' in event.body &&
    event.body.signed.statement.nonce === nonce
      ? [seq]
      : [],
  )
  expect(found, `${act} of ${person}`).toHaveLength(1)
  expect(found[0]).toBeLessThan(nextSeq)
}

/** Whatever a follower was ever given still stands at the same place. */
async function expectWatched({ outside }: Installed, { seen }: LogWatch): Promise<void> {
  const streams = new Set(seen.map(({ leaf }) => leaf.stream))
  const now = await Promise.all([...streams].map((stream) => outside.log.read(stream)))
  const standing = new Map(now.flat().map((event) => [event.position, event]))
  for (const event of seen) expect(standing.get(event.position)).toEqual(event)
  expect(seen.map(({ position }) => position)).toEqual(seen.map((_, position) => position))
}

/** How Temporal tells the end of the run behind a promotion. */
export async function runEndOf({ client }: Told) {
  const { phase } = await client.handle.result()
  const { status } = await client.handle.describe()
  return { status: status.name, phase }
}
