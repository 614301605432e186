import { LoginRefused } from '#model'

/** Why somebody was not believed, as the ledger says it. */
type Because =
  | 'unknown'
  | 'disabled'
  | 'locked'
  | 'password'
  | 'second-factor'
  | 'link'
  | 'authenticator-app'

const words = {
  login: 'Name, password or code are not right, or too many attempts have failed; try again later',
  link: 'The link is not valid any more; ask whoever gave it to you for a new one',
  proof: 'The code is not right, was used before, or too many have failed; try the next one',
} as const

/** The same words for every reason. */
export function refused(
  what: keyof typeof words,
  because: Because,
  principal?: string,
): LoginRefused {
  return new LoginRefused(words[what], {
    ...(principal === undefined ? {} : { person: principal }),
    because,
  })
}
