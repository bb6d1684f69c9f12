import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { defineSearchAttributeKey } from '@temporalio/common'
import { searchAttributes } from '../src/contract.js'
import { blockedBy } from '../src/domain/blocked-by.js'
import { isoOf } from '../src/domain/time.js'
import type { PromotionState } from '../src/domain/promotion.js'
import { standing } from '../src/domain/standing.js'
import { isEnded } from '../src/domain/promotion.js'

const state = defineSearchAttributeKey(searchAttributes.state, 'KEYWORD')
const model = defineSearchAttributeKey(searchAttributes.model, 'KEYWORD')
const version = defineSearchAttributeKey(searchAttributes.version, 'KEYWORD')
const environment = defineSearchAttributeKey(searchAttributes.environment, 'KEYWORD')
const waitingTeam = defineSearchAttributeKey(searchAttributes.waitingTeam, 'KEYWORD_LIST')

function waitingTeams(promotion: PromotionState): string[] {
  if (isEnded(promotion.phase) || !promotion.snapshot) return []
  const now = standing(promotion, Date.now())
  return now.kind === 'awaiting' ? [...new Set(now.empty.flatMap(({ teams }) => teams))] : []
}

/** One character that Markdown gives no meaning to, for each that it does. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+!|<>&-]/g, (character) => `\\${character}`)
}

function detailsOf(promotion: PromotionState): string {
  const title = `**${plain(promotion.model)} ${plain(promotion.version)} → ${plain(promotion.environment)}**: ${promotion.phase}`
  const lines = blockedBy(promotion, Date.now()).map(
    ({ condition, who, since, remedy }) =>
      `- ${plain(condition)} (${who.map(plain).join(', ')}, since ${isoOf(since)}): ${plain(remedy)}`,
  )
  const end = promotion.end
    ? [`- ${plain(promotion.end.code)}: ${plain(promotion.end.detail)}`]
    : []
  return [title, '', ...lines, ...end].join('\n').slice(0, 15_000)
}

function attributesOf(promotion: PromotionState) {
  return [
    { key: state, value: promotion.phase },
    { key: model, value: promotion.model },
    { key: version, value: promotion.version },
    { key: environment, value: promotion.environment },
    { key: waitingTeam, value: waitingTeams(promotion) },
  ]
}

/**
 * Lets Temporal's own pages tell the story: what is promoted, where it stands, which team it waits for. Never a person.
 * Each attribute that is set is an event of the history, so they are set only when they differ from those before.
 */
export function createDisplay(): (promotion: PromotionState) => void {
  let shown = ''
  return (promotion) => {
    if (promotion.phase === 'none') return
    const attributes = attributesOf(promotion)
    const text = JSON.stringify(attributes.map(({ value }) => value))
    if (text !== shown) upsertSearchAttributes(attributes)
    shown = text
    setCurrentDetails(detailsOf(promotion))
  }
}
