/** What a script may rely on. 6 and 7 stay apart: nobody may read "could not check" as "changed", or as "sound". */
export const exitCodes = {
  yes: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  waiting: 4,
  notAllowed: 5,
  verificationFailed: 6,
  couldNotVerify: 7,
  unreachable: 8,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
