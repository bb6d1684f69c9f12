import { expect } from 'vitest'
import { blockedBy } from '../../../src/domain/blocked-by.js'
import { isOverdue } from '../../../src/domain/clocks.js'
import { decide } from '../../../src/domain/decide.js'
import { isEnded } from '../../../src/domain/promotion.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import { countingSignOffs, factsOf, isApproved } from './oracle.js'
import type { Step } from './story.js'

/** Fails with the whole step, since a generated story says nothing by its name. */
function hold(isTrue: boolean, guarantee: string, step: Step): void {
  if (isTrue) return
  const told = step.events.map(({ type, at }) => `${at} ${type}`).join('\n')
  expect.fail(`${guarantee}\n${told}\nlast command: ${JSON.stringify(step.command)}`)
}

function addedBy({ events, added }: Step): readonly PromotionEvent[] {
  return events.slice(events.length - added)
}

function endIsTheEnd(step: Step): void {
  const given = step.decision.kind === 'events' ? step.decision.events.length : 0
  hold(!isEnded(step.before.phase) || given === 0, 'nothing follows an end', step)
}

function sequenceIsDense(step: Step): void {
  hold(step.after.nextSeq === step.events.length, 'every event has the next number', step)
}

const actTypes = new Set([
  'signed-off',
  'waived',
  'accepted',
  'withdrawn',
  'rerun-requested',
  'cancelled',
])

/** Remembers the statements that were acted on, for one story. */
function nonceCountsOnce() {
  const used = new Set<string>()
  return (step: Step): void => {
    for (const event of addedBy(step)) {
      if (!('signed' in event.body) || !actTypes.has(event.type)) continue
      const { person, nonce } = event.body.signed.statement
      hold(!used.has(`${person} ${nonce}`), 'nobody acts twice with one nonce', step)
      used.add(`${person} ${nonce}`)
    }
  }
}

const closings = new Set(['expired', 'failed'])

function clockSignsNothing(step: Step): void {
  if (step.command?.kind !== 'tick') return
  const isSigned = addedBy(step).some(({ type }) => type === 'promoted' || type === 'signed-off')
  hold(!isSigned, 'a clock signs nothing', step)
}

/** These say by themselves what becomes of a promotion that is overdue. */
const unclocked = new Set(['act', 'fail', 'released', 'open'])

function overdueEnds(step: Step): void {
  const { command, before, at } = step
  if (command === null || unclocked.has(command.kind) || !isOverdue(before, at)) return
  const types = addedBy(step).map(({ type }) => type)
  hold(types.length === 1 && closings.has(types[0] ?? ''), 'what is overdue ends', step)
}

/** The alias moves only where the naive reading agrees, at the moment at which it is begun. */
function aliasMovesOnlyWhenApproved() {
  let isBegun = false
  return (step: Step): void => {
    for (const [index, event] of addedBy(step).entries()) {
      const until = step.events.slice(0, step.events.length - step.added + index + 1)
      if (event.type === 'release-ready') seatsAreFilled(step, until, event)
      if (event.type === 'release-started') {
        const facts = factsOf(until)
        hold(
          step.before.releasing || (facts !== null && isApproved(facts, step.at)),
          'no release without approval',
          step,
        )
        isBegun = true
      }
      if (event.type === 'release-stopped') isBegun = false
      if (event.type !== 'promoted') continue
      hold(isBegun, 'nothing is promoted that was not released', step)
      const facts = factsOf(until)
      hold(
        event.body.modelDigest === facts?.modelDigest,
        'promoted are the bytes that were checked',
        step,
      )
    }
  }
}

function seatsAreFilled(
  step: Step,
  until: readonly PromotionEvent[],
  { body }: Extract<PromotionEvent, { type: 'release-ready' }>,
): void {
  const facts = factsOf(until)
  hold(facts !== null && isApproved(facts, step.at), 'ready is only what is approved', step)
  if (!facts) return
  const counting = countingSignOffs(facts, step.at)
  const isTrue = body.seats.every(({ seat, person, decisionDigest }) =>
    counting.some(
      (one) => one.seat === seat && one.person === person && one.decisionDigest === decisionDigest,
    ),
  )
  hold(isTrue, 'who is recorded at a seat has signed what is true now', step)
  const sitting = body.seats.map(({ person }) => person)
  hold(new Set(sitting).size === sitting.length, 'one person fills one seat', step)
}

const settling = new Set(['tick', 'observed', 'champion'])

function isSettled({ added, after, at, command }: Step): boolean {
  const hasSpoken = command !== null && (added > 0 || settling.has(command.kind))
  const isPlaced = after.phase === 'awaiting-sign-off' || after.phase === 'promoting'
  return hasSpoken && isPlaced && !after.releasing && !isOverdue(after, at)
}

/** After the rules spoke, nothing lingers: what is approved is ready, and what changed is void. */
function nothingLingers(step: Step): void {
  const { after, decision, at } = step
  if (decision.kind !== 'events' || !isSettled(step)) return
  const facts = factsOf(step.events)
  if (!facts) return
  hold(
    isApproved(facts, at) === (after.phase === 'promoting'),
    'approved is what is promoting',
    step,
  )
  const counting = countingSignOffs(facts, at).length
  hold(counting === after.signOffs.length, 'a sign-off over what changed is gone', step)
}

function blockersAreNamed({ after, at, ...step }: Step): void {
  const blockers = blockedBy(after, at)
  const isOpen = after.phase !== 'none' && !isEnded(after.phase)
  const whole = { ...step, after, at }
  hold(isOpen === blockers.length > 0, 'what waits says for what', whole)
  hold(!JSON.stringify(blockers).includes('per_'), 'no blocker names a person', whole)
}

function askingTwiceIsTheSame(step: Step): void {
  if (!step.command) return
  const again = decide(step.before, step.command)
  hold(
    JSON.stringify(again) === JSON.stringify(step.decision),
    'the same question, the same answer',
    step,
  )
}

/** Everything that has to hold after every step of one story. */
export function rulesThatNeverBend(): (step: Step) => void {
  const once = nonceCountsOnce()
  const alias = aliasMovesOnlyWhenApproved()
  return (step) => {
    endIsTheEnd(step)
    sequenceIsDense(step)
    once(step)
    clockSignsNothing(step)
    overdueEnds(step)
    alias(step)
    nothingLingers(step)
    blockersAreNamed(step)
    if (step.events.length % 8 === 3) askingTwiceIsTheSame(step)
  }
}
