import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Pattern, tokensOf } from '../../../src/access/policy/patterns.ts'

/** Wildcards, against a reference that tries everything, and on texts made to be slow. */

function matches(pattern: string, text: string): boolean {
  const compiled = Pattern.of(tokensOf(pattern))
  assert.ok(compiled)
  return compiled.matches(text)
}

/** What the words mean, said as plainly as can be. */
function means(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*')) {
    return means(pattern.slice(1), text) || (text !== '' && means(pattern, text.slice(1)))
  }
  if (text === '' || (pattern[0] !== '?' && pattern[0] !== text[0])) return false
  return means(pattern.slice(1), text.slice(1))
}

test('a pattern matches exactly what the reference says', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 10 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 14 })
  fc.assert(
    fc.property(pattern, text, (wanted, given) => {
      assert.equal(matches(wanted, given), means(wanted, given))
    }),
    { numRuns: 5_000 },
  )
})

test('a text made from a pattern matches it', () => {
  const unit = fc.constantFrom('a', 'ä', '💡', '*', '?', ':', '/')
  const part = fc.tuple(fc.string({ unit, maxLength: 5 }), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const pattern = parts.map(([literal]) => literal).join('*')
      const filled = parts.map(([literal]) => literal.replaceAll(/[*?]/g, 'z'))
      const fill = parts.map(([, filling]) => filling)
      const text = filled.map((literal, at) => literal + (fill[at] ?? '')).join('')
      assert.ok(matches(`${pattern}*`, text))
    }),
  )
})

test('nothing is tried twice: long runs of one letter', () => {
  const run = 'a'.repeat(200_000)
  assert.equal(matches(`*${'a'.repeat(100_000)}b*`, run), false)
  assert.equal(matches(`${'*a'.repeat(10_000)}*b`, run), false)
  assert.equal(matches(`${'*a'.repeat(10_000)}*`, run), true)
  assert.equal(matches(`*${'a?'.repeat(100)}b*`, run), false)
})

test('a long piece with a question mark between stars is no pattern; anywhere else it is', () => {
  const long = `${'a'.repeat(300)}?`
  assert.equal(Pattern.of(tokensOf(`*${long}*`)), undefined)
  assert.ok(matches(`${long}*`, `${'a'.repeat(300)}bc`))
  assert.ok(matches(`*${long}`, `c${'a'.repeat(300)}b`))
})
