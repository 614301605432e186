import { operations, type FactorName, type OperationName } from '@claviger/contract'
import { openSession, tenantTarget, type Explanation, type Session, type Target } from '#access'
import { ClavigerError, type Principal, type Purpose } from '#model'
import { operationNamed } from '../../canonical-input.ts'
import { noSuchKey } from '../../lookup.ts'
import { Question, type Situation } from '../../question.ts'
import { target } from '../../target.ts'
import type { Work } from '../../work.ts'

/** What the gate would say to somebody else: their session, and the question as they would ask it, without anything being done. */

/** What is supposed of them; attacker-chosen, and only ever compared. */
export interface Supposed {
  readonly operation: string
  /** The reference that the key was looked up by; the tenant itself without one. */
  readonly key?: string | undefined
  readonly context?: Readonly<Record<string, string>> | undefined
  readonly source?: string | undefined
  readonly door?: string | undefined
  readonly factors?: readonly FactorName[] | undefined
  readonly bytes?: number | undefined
  /** Milliseconds since 1970. */
  readonly at: number
}

/** @throws ClavigerError invalid_request */
function asked(name: string) {
  const row = operationNamed(name)
  if (row !== undefined) return row.name
  throw new ClavigerError('invalid_request', 'There is no operation of that name', {
    field: 'operation',
  })
}

/** The session a principal would have; undefined where it is disabled. */
export function imaginedSession(
  work: Work,
  principal: Principal,
  { factors, at }: Pick<Supposed, 'factors' | 'at'>,
): Promise<Session | undefined> {
  return openSession(work.parts, {
    principal: principal.id,
    credential: {
      kind: principal.kind === 'user' ? 'login' : 'token',
      id: '',
      expiresAt: Number.POSITIVE_INFINITY,
    },
    ...(factors === undefined
      ? {}
      : { authentications: factors.map((factor) => ({ factor, at })) }),
    rests: [],
  })
}

/** Re-encryption is asked twice: of the key that decrypts, and of the one that encrypts. Here they are the same. */
function purposesOf(operation: OperationName): readonly (Purpose | undefined)[] {
  return operation.startsWith('reencrypt') ? ['process', 'apply'] : [undefined]
}

/** What the operation asks of the access rules, once for each thing it asks, and of what. */
export function imaginedQuestions(
  work: Work,
  supposed: Supposed,
  known?: Target,
): { readonly on: Target; readonly questions: readonly Question[] } {
  const { caller, origin } = work
  const { context, source, door, bytes, at } = supposed
  const operation = asked(supposed.operation)
  const situation: Situation = {
    name: operation,
    subject: context === undefined ? {} : { context },
    bytes,
    // From where they would ask is not known unless it is said.
    origin: {
      ...(origin.region === undefined ? {} : { region: origin.region }),
      ...(source === undefined ? {} : { source }),
      ...(door === undefined ? {} : { door }),
    },
    now: at,
    caller,
    found: (reference) => work.found(reference),
    aliasesOf: (key) => work.aliasesOf(key),
  }
  const ringKey = supposed.key === undefined ? undefined : work.found(supposed.key)
  const { action } = operations[operation]
  return {
    on: known ?? (ringKey === undefined ? tenantTarget : target(ringKey, caller, origin)),
    questions: purposesOf(operation).map(
      (purpose) => new Question(situation, { action, purpose, reference: supposed.key }),
    ),
  }
}

const NOTHING: Explanation = { allowed: false, reason: 'nothing is asked', steps: [] }

/** The first refusal, or why it is allowed. */
export function explained(
  session: Session,
  { on, questions }: ReturnType<typeof imaginedQuestions>,
  at: number,
): Explanation {
  const explanations = questions.map((question) => session.explain(question, on, at))
  return explanations.find(({ allowed }) => !allowed) ?? explanations[0] ?? NOTHING
}

/** What kind of rule a decision names. */
export function viaOf(by: string): 'binding' | 'policy' | 'grant' {
  if (by.startsWith('policy:')) return 'policy'
  return by.startsWith('grant:') ? 'grant' : 'binding'
}

/**
 * The key that is asked about, once the caller may ask. That is a matter of roles alone: a key policy that shuts everybody out is what
 * people want explained.
 *
 * @throws ClavigerError forbidden, not_found
 */
export async function askedAbout(work: Work, reference: string) {
  await work.locate([reference])
  const ringKey = work.found(reference)
  if (ringKey === undefined) {
    work.authorize(tenantTarget)
    throw noSuchKey()
  }
  // They may be asked about in somebody else's bindings.
  await work.seeAliases(ringKey.key.id)
  const { id, labels, algorithm } = ringKey.key
  work.authorize({ key: id, labels, algorithm })
  return ringKey
}
