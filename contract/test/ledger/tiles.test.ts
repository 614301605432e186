import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeBundle,
  ENTRY_BYTES_MAX,
  entryBundlesOf,
  formatTilePath,
  hashTilesOf,
  LedgerFormatError,
  parseBundle,
  parseTilePath,
  TILE_WIDTH,
  tileWidth,
  type Tile,
} from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { hex } from './support.ts'

const hashes = (level: number, index: number, width = TILE_WIDTH): Tile => ({
  kind: 'hashes',
  level,
  index,
  width,
})
const entries = (index: number, width = TILE_WIDTH): Tile => ({ kind: 'entries', index, width })

test('paths are those of tlog-tiles', () => {
  const cases: readonly (readonly [Tile, string])[] = [
    [hashes(0, 1_234_067), 'tile/0/x001/x234/067'],
    [hashes(0, 0), 'tile/0/000'],
    [hashes(0, 273, 112), 'tile/0/273.p/112'],
    [hashes(2, 0, 1), 'tile/2/000.p/1'],
    [hashes(63, 999), 'tile/63/999'],
    [hashes(1, 1_000, 255), 'tile/1/x001/000.p/255'],
    [entries(1_234_067, 8), 'tile/entries/x001/x234/067.p/8'],
    [entries(Number.MAX_SAFE_INTEGER), 'tile/entries/x009/x007/x199/x254/x740/991'],
  ]
  for (const [tile, path] of cases) {
    assert.equal(formatTilePath(tile), path)
    assert.deepEqual(parseTilePath(path), tile)
  }
})

test('a tile has one path: every other spelling is refused', () => {
  const bad = [
    '',
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/067',
    'tile/0/001/067',
    'tile/0/x001/x067',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/000\n',
    'tile/data/000',
    'tile/entries/../000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x001/x009/x007/x199/x254/x740/991',
    `tile/0/${'x000/'.repeat(10_000)}000`,
  ]
  for (const path of bad) assert.throws(() => parseTilePath(path), LedgerFormatError, path)
})

test('whatever the path, it is parsed or refused; what is parsed is written the same', () => {
  const pieces = fc.constantFrom('tile', '/', '0', '63', 'entries', 'x001', '067', '.p/', '9', '..')
  const path = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(pieces).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(path, (text) => {
      try {
        assert.equal(formatTilePath(parseTilePath(text)), text)
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 1_000 },
  )
  const tile = fc.record(
    {
      kind: fc.constant('hashes' as const),
      level: fc.nat(63),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: TILE_WIDTH }),
    },
    { noNullPrototype: true },
  )
  fc.assert(fc.property(tile, (one) => assert.deepEqual(parseTilePath(formatTilePath(one)), one)))
})

test('the tiles of a size are those of tlog-tiles', () => {
  const count = (size: number) => {
    const seen: Record<string, number> = {}
    for (const { level, width } of hashTilesOf(size)) {
      const name = `${level}/${width}`
      seen[name] = (seen[name] ?? 0) + 1
    }
    return seen
  }
  assert.deepEqual(count(70_000), { '0/256': 273, '0/112': 1, '1/256': 1, '1/17': 1, '2/1': 1 })
  assert.deepEqual(count(256), { '0/256': 1, '1/1': 1 })
  assert.deepEqual(count(0), {})
  assert.deepEqual(
    [...entryBundlesOf(513)].map(({ width }) => width),
    [256, 256, 1],
  )
  fc.assert(
    fc.property(fc.nat(100_000), (size) => {
      for (const { level, index, width } of hashTilesOf(size)) {
        assert.equal(tileWidth(level, index, size), width)
      }
      assert.equal(tileWidth(0, Math.ceil(size / TILE_WIDTH), size), 0)
    }),
    { numRuns: 20 },
  )
})

const entry = fc.uint8Array({ maxLength: 300 })

test('bundles: what goes in comes out, and anything added or cut is found', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: TILE_WIDTH }), (all) => {
      const bundle = encodeBundle(all)
      assert.deepEqual(parseBundle(bundle, all.length).map(hex), all.map(hex))
      assert.throws(() => parseBundle(bundle, all.length + 1), LedgerFormatError)
      assert.throws(() => parseBundle(Uint8Array.of(...bundle, 0), all.length), LedgerFormatError)
      if (all.length === 0) return
      assert.throws(() => parseBundle(bundle, all.length - 1), LedgerFormatError)
      assert.throws(() => parseBundle(bundle.subarray(0, -1), all.length), LedgerFormatError)
    }),
  )
  const longest = new Uint8Array(ENTRY_BYTES_MAX).fill(7)
  assert.deepEqual(parseBundle(encodeBundle([longest]), 1), [longest])
  assert.throws(() => encodeBundle([new Uint8Array(ENTRY_BYTES_MAX + 1)]), LedgerFormatError)
  assert.deepEqual(encodeBundle([Uint8Array.of(1, 2)]), Uint8Array.of(0, 2, 1, 2))
})

test('whatever the bundle, it is parsed or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(TILE_WIDTH), (bytes, width) => {
      try {
        assert.equal(hex(encodeBundle(parseBundle(bytes, width))), hex(bytes))
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 500 },
  )
})
