import { PromotionError } from '../../src/domain/errors.js'

/** Storing an erased text again would undo what a person was promised. */
export function erasedAlready(digest: string): PromotionError {
  return new PromotionError(
    'WRONG_STATE',
    `the text ${digest} was erased and is not stored again`,
    {
      remedy: 'store it as a new text, with a salt of its own',
    },
  )
}

export function unknownText(digest: string): PromotionError {
  return new PromotionError('NOT_FOUND', `there is no text ${digest}`, {
    remedy: 'check the digest: only a text that was stored can be erased',
  })
}
