import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matchesContext, type ContextConstraint } from '../../../src/access/policy/index.ts'

/** The encryption context that a grant asks for. */

type Context = Record<string, string>

test('equals wants just these pairs, subset at least these; names in any case, values not', () => {
  const cases: [constraint: ContextConstraint, context: Context, expected: boolean][] = [
    [{}, {}, true],
    [{}, { a: '1' }, true],
    [{ equals: { a: '1' } }, { a: '1' }, true],
    [{ equals: { a: '1' } }, { A: '1' }, true],
    [{ equals: { a: 'x' } }, { a: 'X' }, false],
    [{ equals: { a: '1' } }, { a: '1', b: '2' }, false],
    [{ equals: { a: '1', b: '2' } }, { b: '2', a: '1' }, true],
    [{ equals: { a: '1', b: '2' } }, { a: '1' }, false],
    [{ equals: { a: '1' } }, {}, false],
    [{ equals: {} }, { a: '1' }, false],
    [{ subset: { a: '1' } }, { a: '1', b: '2' }, true],
    [{ subset: { A: '1' } }, { a: '1' }, true],
    [{ subset: { a: '1' } }, { a: '2', b: '1' }, false],
    [{ subset: { a: '1' } }, {}, false],
    [{ subset: {} }, { a: '1' }, true],
    [{ subset: { a: '1' }, equals: { a: '1', b: '2' } }, { a: '1', b: '2' }, true],
    [{ subset: { c: '3' }, equals: { a: '1' } }, { a: '1' }, false],
    // Two spellings are two pairs.
    [{ equals: { a: '1' } }, { a: '1', A: '1' }, false],
    [{ equals: { a: '1', A: '2' } }, { A: '1', a: '2' }, true],
    [{ equals: { a: '1', A: '1' } }, { a: '1', b: '1' }, false],
    [{ subset: { a: '1', A: '1' } }, { a: '1' }, false],
    // Where one pair ends and the next begins is never in doubt.
    [{ equals: { a: '"],["b' } }, { a: '', b: '' }, false],
    [{ equals: { ab: 'c' } }, { a: 'bc' }, false],
    [{ subset: { ['__proto__']: '1' } }, { a: '1' }, false],
  ]
  for (const [constraint, context, expected] of cases) {
    const said = `${JSON.stringify(constraint)} of ${JSON.stringify(context)}`
    assert.equal(matchesContext(constraint, context), expected, said)
  }
})

test('a context is a subset and an equal of itself, and of itself and more only a subset', () => {
  const name = fc.string({ minLength: 1 })
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), name, fc.string(), (context, extra, value) => {
      assert.ok(matchesContext({ equals: context, subset: context }, context))
      fc.pre(!Object.hasOwn(context, extra))
      const more = { ...context, [extra]: value }
      assert.ok(matchesContext({ subset: context }, more))
      assert.ok(!matchesContext({ equals: context }, more))
      assert.ok(!matchesContext({ equals: more }, context))
      assert.ok(!matchesContext({ subset: more }, context))
    }),
  )
})
