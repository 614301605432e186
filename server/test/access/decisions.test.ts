import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Asked, Target } from '#access'
import type { Binding, KeyGrant } from '#model'
import { CompiledBindings } from '../../src/access/decision.ts'
import { CompiledGrants, isNoWider } from '../../src/access/grants.ts'
import { KeyPolicy } from '../../src/access/policy/index.ts'
import { Session } from '../../src/access/session.ts'
import { ACCOUNT, KEY, policyText, ROOT, statement, userArn } from './policy/ask.ts'

/** How key policies, bindings and grants decide together, and what of it a session remembers. */

const TENANT = 'tenant'
const FOREVER = Number.POSITIVE_INFINITY
const key = 'key'

function binding(role: Binding['role'], expiresAt?: number): Binding {
  const scope = { kind: 'tenant' } as const
  const whole = {
    id: `binding-${role}`,
    tenant: TENANT,
    role,
    principal: 'ann',
    scope,
    createdAt: 0,
  }
  return expiresAt === undefined ? whole : { ...whole, expiresAt }
}

function grant(operations: readonly string[], constraints?: KeyGrant['constraints']): KeyGrant {
  return {
    id: 'one',
    tenant: TENANT,
    key,
    grantee: userArn('ann'),
    granteeName: 'ann',
    operations,
    issuer: ROOT,
    createdAt: 0,
    ...(constraints && { constraints }),
  }
}

function session(bindings: readonly Binding[], grants: readonly KeyGrant[] = []): Session {
  return new Session({
    principal: {
      id: 'id-of-ann',
      tenant: TENANT,
      name: 'ann',
      kind: 'user',
      state: 'enabled',
      createdAt: 0,
    },
    account: ACCOUNT,
    credential: { kind: 'token', id: 'token', expiresAt: FOREVER },
    bindings: new CompiledBindings(bindings),
    grants: new CompiledGrants(grants),
    rests: new Set(),
  })
}

function under(...statements: readonly unknown[]): Target {
  return { key, labels: {}, policy: KeyPolicy.parse(policyText(...statements)), arn: () => KEY }
}

/** Counts how often a policy was evaluated for it. */
class Counted implements Asked {
  readonly action: string
  readonly operation: string
  readonly context: Readonly<Record<string, string>>
  readonly source = undefined
  readonly door = undefined
  readonly bytes = undefined
  evaluated = 0

  constructor(action: string, operation: string, context: Readonly<Record<string, string>> = {}) {
    this.action = action
    this.operation = operation
    this.context = context
  }

  aliasesOf(): undefined {
    return undefined
  }

  values() {
    this.evaluated += 1
    const { context } = this
    return (name: string) => {
      const value = context[name.replace('kms:encryptioncontext:', '')]
      return value === undefined ? undefined : [value]
    }
  }
}

const delegating = statement({ Principal: { AWS: ROOT } })
const inContext = { StringEquals: { 'kms:EncryptionContext:team': 'a' } }

test('what a policy says without conditions is evaluated once', () => {
  const owner = session([binding('owner')])
  const asked = new Counted('encrypt', 'Encrypt')
  for (const target of [
    under(delegating),
    under(statement({ Principal: { AWS: userArn('ann') } })),
  ]) {
    asked.evaluated = 0
    const first = owner.decide(asked, target, 0)
    assert.notEqual(first, undefined)
    for (let count = 0; count < 3; count += 1) assert.equal(owner.decide(asked, target, 0), first)
    assert.equal(asked.evaluated, 1)
    // Another key is another question, and so is the same key once it has changed.
    owner.decide(asked, { ...target }, 0)
    assert.equal(asked.evaluated, 2)
  }
})

test('what depends on the request is evaluated each time', () => {
  const owner = session([binding('owner')])
  for (const target of [
    under(delegating, statement({ Effect: 'Deny', Condition: inContext })),
    under(statement({ Principal: { AWS: ROOT }, Condition: inContext })),
    under(statement({ Principal: { AWS: userArn('ann') }, Condition: inContext })),
  ]) {
    const asked = new Counted('encrypt', 'Encrypt', { team: 'a' })
    for (let count = 1; count <= 3; count += 1) {
      owner.decide(asked, target, 0)
      assert.equal(asked.evaluated, count)
    }
  }
})

test('one action is several operations to a policy, and each has its answer', () => {
  const owner = session([binding('owner')])
  const target = under(delegating, statement({ Effect: 'Deny', Action: 'kms:GenerateDataKey' }))
  const wrapped = new Counted('datakey', 'GenerateDataKeyWithoutPlaintext')
  const clear = new Counted('datakey', 'GenerateDataKey')
  for (let count = 0; count < 2; count += 1) {
    assert.equal(owner.decide(wrapped, target, 0)?.binding, 'binding-owner')
    assert.equal(owner.decide(clear, target, 0), undefined)
  }
})

test('a binding that ends is not remembered beyond its end', () => {
  const target = under(delegating)
  const asked = new Counted('encrypt', 'Encrypt')
  const user = session([binding('encrypter', 1_000)], [grant(['Encrypt'])])
  assert.equal(user.decide(asked, target, 999)?.binding, 'binding-encrypter')
  assert.equal(user.decide(asked, target, 1_000)?.binding, 'grant:one')
})

test('the order: a denial, then what the policy allows, bindings where it leaves it to them, and grants', () => {
  const asked = new Counted('encrypt', 'Encrypt')
  const both = session([binding('owner')], [grant(['Encrypt'])])
  const mine = { Principal: { AWS: userArn('ann') } }
  const by = (target: Target, who = both) => who.explain(asked, target, 0)
  assert.partialDeepStrictEqual(by(under(delegating, statement({ ...mine, Sid: 'mine' }))), {
    allowed: true,
    by: 'policy:mine',
    reason: 'the key policy allows it in statement mine',
  })
  assert.partialDeepStrictEqual(by(under(delegating)), {
    allowed: true,
    by: 'binding-owner',
    reason: 'a role binding allows it',
  })
  assert.equal(by({ key, labels: {} }).by, by(under(delegating)).by)
  const silent = under(statement({ Principal: { AWS: userArn('ben') } }))
  assert.partialDeepStrictEqual(by(silent), {
    allowed: true,
    by: 'grant:one',
    reason: 'a grant on the key allows it',
  })
  assert.partialDeepStrictEqual(by(silent, session([binding('owner')])), {
    allowed: false,
    reason: 'the key policy does not leave it to role bindings, and no grant allows it',
  })
  assert.partialDeepStrictEqual(by(under(delegating), session([])), {
    allowed: false,
    reason: 'no role binding and no grant allows it',
  })
  assert.partialDeepStrictEqual(
    by(under(delegating, statement({ ...mine, Effect: 'Deny', Sid: 'no' }))),
    {
      allowed: false,
      reason: 'the key policy denies it in statement no',
    },
  )
})

const arbitraryStatement = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Principal: fc.constantFrom(
      '*',
      { AWS: ROOT },
      { AWS: userArn('ann') },
      { AWS: userArn('ben') },
    ),
    Action: fc.constantFrom('kms:*', 'kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey*'),
    Condition: fc.option(fc.constant(inContext), { nil: undefined }),
  })
  .map((elements) => statement(elements))
const arbitraryQuestion = fc
  .tuple(
    fc.constantFrom(
      ['encrypt', 'Encrypt'],
      ['decrypt', 'Decrypt'],
      ['datakey', 'GenerateDataKey'],
      ['datakey', 'GenerateDataKeyWithoutPlaintext'],
    ),
    fc.constantFrom({}, { team: 'a' }, { team: 'b' }),
  )
  .map(([[action = '', operation = ''], context]) => new Counted(action, operation, context))

test('a session that remembers answers as one that does not', () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryStatement, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(arbitraryQuestion, fc.integer({ min: 0, max: 3 })), { minLength: 1 }),
      (statements, questions) => {
        const open = () =>
          session(
            [binding('encrypter', 2), binding('decrypter')],
            [grant(['Encrypt'], { subset: { team: 'b' } }), grant(['GenerateDataKey'])],
          )
        const target = under(...statements)
        const remembering = open()
        let now = 0
        for (const [asked, later] of questions) {
          now += later / 2
          assert.deepEqual(
            remembering.decide(asked, target, now),
            open().decide(asked, target, now),
          )
          assert.equal(
            open().explain(asked, target, now).allowed,
            open().decide(asked, target, now) !== undefined,
          )
        }
      },
    ),
  )
})

test('who hands on a grant hands on no more: whatever the new one allows, the old one allowed', () => {
  const pairs = fc.dictionary(fc.constantFrom('team', 'part'), fc.constantFrom('a', 'b'), {
    minKeys: 1,
  })
  const constraints = fc.option(
    fc.oneof(
      pairs.map((equals) => ({ equals })),
      pairs.map((subset) => ({ subset })),
    ),
    { nil: undefined },
  )
  const operations = fc.uniqueArray(fc.constantFrom('Encrypt', 'Decrypt'), { minLength: 1 })
  const contexts = [{}, { team: 'a' }, { part: 'a' }, { team: 'a', part: 'b' }, { team: 'b' }]
  fc.assert(
    fc.property(operations, constraints, operations, constraints, (some, of, more, than) => {
      const given = grant(some, of)
      const held = grant(more, than)
      if (!isNoWider(given, held)) return
      for (const operation of ['Encrypt', 'Decrypt']) {
        for (const context of contexts) {
          const asked = new Counted('any', operation, context)
          if (new CompiledGrants([given]).decide(key, asked) === undefined) continue
          assert.notEqual(new CompiledGrants([held]).decide(key, asked), undefined)
        }
      }
    }),
  )
})
