import { PolicyError } from './error.ts'
import { elements, list, readJson, string } from './json.ts'
import { withRequester, type ConditionValues, type Requester } from './request.ts'
import { SID_LENGTH_MAX, Statement } from './statement.ts'

/** What a key policy says about a request. It allows nobody in the end: the decision also knows bindings and grants. */

/** The most statements in a policy; what is parsed is evaluated for each request. */
const STATEMENTS_MAX = 512
/**
 * The most patterns of conditions with something between two stars: each reads a value of the request once, to its end, and all of them
 * may read the same. Without such a bound a policy of its size has room for five thousand.
 */
const SEARCHES_MAX = 100

/**
 * `deny` ends the matter; `allow` names the requester; `delegate` leaves it to what the account itself allows; `silent` says nothing.
 * `statement` is its Sid, or `#` and its place. `conditional`: another request of the same requester, for the same action on the same
 * key, may be answered otherwise.
 */
export type PolicyAnswer =
  | { readonly kind: 'deny'; readonly statement: string }
  | { readonly kind: 'allow'; readonly statement: string; readonly conditional: boolean }
  | { readonly kind: 'delegate'; readonly statement: string; readonly conditional: boolean }
  | { readonly kind: 'silent'; readonly conditional: boolean }

/** Where a kind of allowing stands after some statements. */
interface Standing {
  /** The statement that allows, the first of those without conditions if there is one. */
  statement: Statement | undefined
  /** Whether a statement with conditions might allow another request. */
  varies: boolean
}

export class KeyPolicy {
  /** As it was given. */
  readonly text: string
  readonly #statements: readonly Statement[]
  readonly #denying: readonly Statement[]
  readonly #allowing: readonly Statement[]

  /**
   * Reads a policy document (IAM User Guide, grammar of the policy language). The caller checks POLICY_BYTES_MAX first.
   *
   * @throws PolicyError saying what is wrong and where
   */
  static parse(text: string): KeyPolicy {
    const found = elements(readJson(text), ['Version', 'Id', 'Statement'], 'The policy')
    const version = found.Version ?? '2008-10-17'
    if (version !== '2008-10-17' && version !== '2012-10-17') {
      throw new PolicyError('must be "2012-10-17" or "2008-10-17"', 'Version')
    }
    if (found.Id !== undefined) string(found.Id, 'Id')
    if (found.Statement === undefined) throw new PolicyError('is missing', 'Statement')
    const statements = list(found.Statement, 'Statement')
    if (statements.length > STATEMENTS_MAX) {
      throw new PolicyError(`must not be more than ${STATEMENTS_MAX}`, 'Statement')
    }
    const variables = version === '2012-10-17'
    return new KeyPolicy(
      text,
      statements.map((statement, at) => Statement.parse(statement, at + 1, variables)),
    )
  }

  private constructor(text: string, statements: readonly Statement[]) {
    this.text = text
    this.#statements = statements
    this.#denying = statements.filter(({ denies }) => denies)
    this.#allowing = statements.filter(({ denies }) => !denies)
  }

  /**
   * Refuses what a policy that is put on a key may not have. One that has it already goes on to say what it says.
   *
   * @throws PolicyError saying which limit, and where
   */
  assertWithinLimits(): void {
    const cut = this.#statements.findIndex(({ isNameCut }) => isNameCut)
    if (cut !== -1) {
      const message = `must not be longer than ${SID_LENGTH_MAX} characters`
      throw new PolicyError(message, `Statement ${cut + 1}.Sid`)
    }
    const searches = this.#statements.reduce((total, each) => total + each.searches, 0)
    if (searches > SEARCHES_MAX) {
      throw new PolicyError(
        `more than ${SEARCHES_MAX} patterns of conditions have something between two stars; use fewer, or such as begin or end with text`,
        'Statement',
      )
    }
  }

  /**
   * What the policy says: deny before allow before delegate before silent.
   *
   * @param action such as `kms:Encrypt`, in whatever case
   * @param resource the ARN of the key
   * @param values the request's condition keys; those that say who asks need not be there
   */
  answer(
    action: string,
    resource: string,
    requester: Requester,
    values: ConditionValues,
  ): PolicyAnswer {
    const asked = action.toLowerCase()
    let known: ConditionValues | undefined
    const applies = (statement: Statement): boolean => {
      known ??= withRequester(values, requester)
      return statement.applies(resource, known)
    }

    let denialVaries = false
    for (const statement of this.#denying) {
      if (statement.addresses(requester) === undefined) continue
      if (!statement.mayCover(asked, resource)) continue
      if (!statement.isConditional || applies(statement)) {
        return { kind: 'deny', statement: statement.name }
      }
      denialVaries = true
    }

    const itself: Standing = { statement: undefined, varies: false }
    const account: Standing = { statement: undefined, varies: false }
    for (const statement of this.#allowing) {
      const addressed = statement.addresses(requester)
      if (addressed === undefined || !statement.mayCover(asked, resource)) continue
      const standing = addressed === 'itself' ? itself : account
      if (!statement.isConditional) {
        if (standing.statement?.isConditional !== false) standing.statement = statement
        // Nothing that follows says more than this.
        if (standing === itself) break
      } else {
        standing.varies = true
        if (standing.statement === undefined && applies(statement)) standing.statement = statement
      }
    }
    return conclude(itself, account, denialVaries)
  }
}

function conclude(itself: Standing, account: Standing, denialVaries: boolean): PolicyAnswer {
  if (itself.statement !== undefined) {
    const { name, isConditional } = itself.statement
    return { kind: 'allow', statement: name, conditional: denialVaries || isConditional }
  }
  if (account.statement !== undefined) {
    const { name, isConditional } = account.statement
    const conditional = denialVaries || isConditional || itself.varies
    return { kind: 'delegate', statement: name, conditional }
  }
  return { kind: 'silent', conditional: denialVaries || itself.varies || account.varies }
}
