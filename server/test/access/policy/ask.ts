import { KeyPolicy, type PolicyAnswer, type Requester } from '../../../src/access/policy/index.ts'

/** A policy asked about one key by one account, so that a test says only what it is about. */

export const ACCOUNT = '111122223333'
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`
export const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`

export type Values = Readonly<Record<string, string | readonly string[] | undefined>>

/** Values of condition keys, under their names in whatever case. */
export function given(values: Values): (key: string) => readonly string[] | undefined {
  const byName = new Map(
    Object.entries(values).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? [value] : value,
    ]),
  )
  return (key) => byName.get(key)
}

export function person(name: string, session?: string): Requester {
  const id = `id-of-${name}`
  return session === undefined
    ? { account: ACCOUNT, name, id }
    : { account: ACCOUNT, name, id, session }
}

export function userArn(name: string): string {
  return `arn:aws:iam::${ACCOUNT}:user/${name}`
}

/** A statement that says all that must be said; `undefined` takes an element away. */
export function statement(elements: Record<string, unknown> = {}): Record<string, unknown> {
  const whole = { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*', ...elements }
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined))
}

export function policyText(...statements: unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function policyOf(...statements: unknown[]): KeyPolicy {
  return KeyPolicy.parse(policyText(...statements))
}

/** What a policy says when alice, or somebody else, encrypts with the key. */
export function ask(
  policy: KeyPolicy,
  values: Values = {},
  {
    action = 'kms:Encrypt',
    by = person('alice'),
    resource = KEY,
  }: { action?: string; by?: Requester; resource?: string } = {},
): PolicyAnswer {
  return policy.answer(action, resource, by, given(values))
}

/** Whether a condition lets a statement apply, for a statement that allows or denies. */
export function holds(
  condition: unknown,
  values: Values,
  effect: 'Allow' | 'Deny' = 'Allow',
): boolean {
  const { kind } = ask(policyOf(statement({ Effect: effect, Condition: condition })), values)
  return kind !== 'silent'
}
