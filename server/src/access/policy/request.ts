import { arnName } from '../arn.ts'

/** What a policy is asked about. */

/** Values of condition keys, asked by lower-cased name; undefined = not in the request. */
export type ConditionValues = (key: string) => readonly string[] | undefined

/** Who asks; always somebody of the account that owns the key. */
export interface Requester {
  readonly account: string
  /** The principal's unique name. */
  readonly name: string
  /** The session name of a temporary session. */
  readonly session?: string
  readonly id: string
}

/**
 * The condition keys that say who asks, with the values AWS gives them: `aws:PrincipalArn` of a session is the role's, and a session has
 * no `aws:username` (IAM User Guide, global condition keys). What the request itself says of such a key comes first.
 */
export function withRequester(values: ConditionValues, requester: Requester): ConditionValues {
  return (key) => values(key) ?? aboutRequester(key, requester)
}

function aboutRequester(key: string, requester: Requester): readonly string[] | undefined {
  const { account, name, session, id } = requester
  switch (key) {
    case 'aws:principalaccount':
    case 'kms:calleraccount':
      return [account]
    case 'aws:principalarn': {
      const kind = session === undefined ? 'user' : 'role'
      return [`arn:aws:iam::${account}:${kind}/${arnName(name, id)}`]
    }
    case 'aws:principaltype':
      return [session === undefined ? 'User' : 'AssumedRole']
    case 'aws:userid':
      return [session === undefined ? id : `${id}:${session}`]
    case 'aws:username':
      return session === undefined ? [name] : undefined
    default:
      return undefined
  }
}
