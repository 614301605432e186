import { operations, type OperationName } from '@claviger/contract'
import { openSession, tenantTarget, type Explanation } from '#access'
import { ClavigerError, type Principal, type Purpose } from '#model'
import { Question, type Situation } from '../question.ts'
import { target } from '../target.ts'
import type { ReadVerb } from '../verb.ts'
import { own } from './own.ts'

function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name)
}

const NOTHING: Explanation = { allowed: false, reason: 'nothing is asked' }

/** Re-encryption is asked twice: of the key that decrypts, and of the one that encrypts. Here they are the same. */
function purposesOf(operation: OperationName): readonly (Purpose | undefined)[] {
  return operation.startsWith('reencrypt') ? ['process', 'apply'] : [undefined]
}

/**
 * What the gate would say to somebody else, without doing anything. Who may ask is a matter of roles alone: a key policy that shuts
 * everybody out is what people want explained.
 */
export const explainAccess: ReadVerb<'access.explain'> = {
  kind: 'read',
  async run(input, work) {
    const { parts, origin, caller } = work
    await work.locate([input.key])
    const ringKey = work.found(input.key)
    if (ringKey === undefined) {
      work.authorize(tenantTarget)
      throw new ClavigerError('not_found', 'There is no key of that id or alias')
    }
    const { id, labels } = ringKey.key
    work.authorize({ key: id, labels })
    const { operation, context } = input
    if (!isOperation(operation)) {
      throw new ClavigerError('invalid_request', 'There is no operation of that name', {
        field: 'operation',
      })
    }
    const { value: principal } = await own<Principal>(work, 'principal', input.principal)
    const now = work.now
    const session = await openSession(parts, {
      principal: principal.id,
      credential: { kind: 'token', id: '', expiresAt: Number.POSITIVE_INFINITY },
      rests: [],
    })
    if (session === undefined) return { allowed: false, reason: 'the principal is disabled' }
    const situation: Situation = {
      name: operation,
      subject: context === undefined ? {} : { context },
      // From where they would ask is not known.
      origin: origin.region === undefined ? {} : { region: origin.region },
      now,
      caller,
      found: (reference) => work.found(reference),
      aliasesOf: (key) => work.aliasesOf(key),
    }
    const on = target(ringKey, caller, origin)
    const explanations = purposesOf(operation).map((purpose) => {
      const { action } = operations[operation]
      return session.explain(
        new Question(situation, { action, purpose, reference: input.key }),
        on,
        now,
      )
    })
    const [first = NOTHING] = explanations
    return explanations.find(({ allowed }) => !allowed) ?? first
  },
}
