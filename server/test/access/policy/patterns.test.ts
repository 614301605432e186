import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Pattern, tokensOf, type Text } from '../../../src/access/policy/patterns.ts'

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

test('so does one whose pieces are longer than a word of bits', () => {
  const unit = fc.constantFrom('a', 'b', '?')
  const piece = fc.string({ unit, minLength: 25, maxLength: 80 })
  const wanted = fc.array(piece, { minLength: 1, maxLength: 3 }).map((all) => `*${all.join('*')}*`)
  const filling = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 })
  fc.assert(
    fc.property(wanted, filling, fc.boolean(), fc.nat(), (pattern, fill, spoilt, where) => {
      const fits = pattern.replaceAll('?', 'b').split('*').join(fill)
      const at = where % fits.length
      const text = spoilt
        ? `${fits.slice(0, at)}${fits[at] === 'a' ? 'b' : 'a'}${fits.slice(at + 1)}`
        : fits
      assert.equal(matches(pattern, text), expression(pattern).test(text))
      assert.ok(matches(pattern, fits))
    }),
  )
})

/** For a second opinion: the few pieces here do not make it slow. */
function expression(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}

/** Text that counts how often one of its characters is read. */
class Counted implements Text {
  readonly #text: string
  reads = 0

  constructor(text: string) {
    this.#text = text
  }

  get length(): number {
    return this.#text.length
  }

  charCodeAt(at: number): number {
    this.reads += 1
    return this.#text.charCodeAt(at)
  }
}

test('every character between the first star and the last is read once at most', () => {
  const run = 'a'.repeat(4_096)
  for (const [pattern, text] of [
    [`*${'a?'.repeat(127)}b*`, run],
    [`*${'?'.repeat(255)}b*`, run],
    [`*${'a?a*'.repeat(1_000)}b*`, run],
    [`*${'a'.repeat(4_000)}b*`, run],
    [`*${'ab?'.repeat(80)}c*`, 'ab'.repeat(2_048)],
  ] as const) {
    const compiled = Pattern.of(tokensOf(pattern))
    const counted = new Counted(text)
    assert.equal(compiled?.matches(counted), false)
    assert.ok(counted.reads <= text.length, `${counted.reads} reads for ${pattern.slice(0, 20)}`)
  }
  const unit = fc.constantFrom('a', 'b', '*', '?')
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), fc.string({ unit, maxLength: 80 }), (p, t) => {
      const compiled = Pattern.of(tokensOf(p))
      const counted = new Counted(t)
      compiled?.matches(counted)
      // What stands before the first star and after the last is compared where it has to be.
      const [head = '', ...rest] = p.split('*')
      assert.ok(counted.reads <= t.length + head.length + (rest.at(-1) ?? '').length)
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
