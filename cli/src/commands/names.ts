import { operations, type OperationName } from '@claviger/contract'
import { kebab } from '../output/text.ts'

/** How operations are called on the command line. */

/**
 * What has no command: the steps of pages and of logins. They take secrets that must not stand in argv, or answers of a browser.
 * `claviger login` does the ones that a terminal can.
 */
const steps: ReadonlySet<string> = new Set([
  'approval.challenge',
  'enrolment.begin',
  'enrolment.complete',
  'factor.add',
  'factor.begin',
  'login.challenge',
  'login.deviceConfirm',
  'login.devicePoll',
  'login.deviceStart',
  'login.passkey',
  'login.provider',
  'login.providerLinkStart',
  'login.providerLogout',
  'login.providerStart',
  'login.stepUp',
  'login.stepUpChallenge',
  'password.change',
])

/** The operations that have a command. */
export const operationNames = (Object.keys(operations) as OperationName[]).filter(
  (name) => !steps.has(name),
)

export function rowOf<Name extends OperationName>(name: Name): (typeof operations)[Name] {
  return operations[name]
}

/** Groups that stand beside a command of the same name. */
const besides: Readonly<Record<string, string>> = Object.freeze({
  login: 'logins',
  rewrap: 'rewraps',
})

/** `key.create` is `key create`, `datakeyPair` is `datakey-pair`; what is done to the server itself stands at the top. */
export function commandWords(name: OperationName): readonly string[] {
  const words = name.split('.').map(kebab)
  if (words[0] === 'system') return words.slice(1)
  // `login` itself is a command; what is done with logins that there are has a group beside it.
  // The same holds for `rewrap` and its runs.
  const beside = words.length > 1 ? besides[words[0] ?? ''] : undefined
  return beside === undefined ? words : [beside, ...words.slice(1)]
}

/** What each group of commands is about, for the help. */
export const groups: Readonly<Record<string, string>> = Object.freeze({
  key: 'The life of keys',
  dependent: 'What depends on keys',
  notice: 'What became of keys',
  subscription: 'Who is told of notices by webhook',
  compromise: 'Compromises of keys, from the first alarm to the report',
  rewraps: 'Runs that bring what is encrypted under newer keys',
  alias: 'Names that point at keys',
  principal: 'Users and services',
  token: 'The tokens of services',
  'access-key': 'The keys that AWS clients sign their requests with',
  settings: 'What holds for every credential of a tenant',
  certificate: 'Client certificates and whose they are',
  credential: 'Credentials of every kind',
  'secret-id': 'What programs exchange for short tokens',
  session: 'Temporary credentials for AWS clients',
  trust: 'Who may act as whom',
  'identity-provider': 'Issuers whose identity tokens (OpenID Connect) are believed',
  'login-provider': 'OpenID Connect providers that persons log in with',
  person: 'Links with which persons set up how they log in',
  logins: 'Where persons are logged in',
  factor: 'What a person proves with who they are',
  role: 'What principals may be allowed',
  binding: 'Who has which role, and where',
  group: 'Principals that get roles together',
  separation: 'Duties that are kept apart',
  access: 'Who may do what, and why',
  'step-up-rule': 'What asks for a fresh proof of who is asking',
  'approval-policy': 'What others must approve',
  'lifecycle-policy': 'What keys must be like from their making to their end',
  policy: 'Key policies, and which keys break what lifecycle policies ask',
  approval: 'Requests that others approve something',
  'break-glass': 'Rights for emergencies, behind glass',
  grant: 'What a principal may do with one key, as AWS clients ask for it',
  tenant: 'Tenants, each with its own keys and principals',
  ledger: 'The record of everything: read it, and check it from outside',
})
