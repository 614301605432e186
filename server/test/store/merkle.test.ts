import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Frontier, leafHashInPlace } from '../../src/store/sqlite/merkle.ts'
import { bundle, hex, leafHash, plainRoot } from './harness.ts'

const LARGEST = 66_100

test('the edge of a tree, and of every smaller tree it once was, has the root of RFC 6962', () => {
  const leaves: Buffer[] = []
  const tiles = new Map<string, string[]>()
  const roots = new Map<number, string>()
  const frontier = new Frontier()
  const sizes = new Set([
    ...Array.from({ length: 601 }, (_, i) => i),
    65_535,
    65_536,
    65_537,
    65_792,
    LARGEST,
  ])
  for (let size = 0; ; size += 1) {
    assert.equal(frontier.size, size)
    if (sizes.has(size)) {
      roots.set(size, hex(plainRoot(leaves)))
      assert.equal(hex(frontier.root()), roots.get(size), `grown to ${size}`)
    }
    if (size === LARGEST) break
    const leaf = leafHash(String(size))
    leaves.push(leaf)
    frontier.push(leaf.toString('latin1'), (level, number, hash) => {
      const name = `${level}/${Math.floor(number / 256)}`
      const tile = tiles.get(name) ?? []
      assert.equal(tile.length, number % 256, `hash ${number} of level ${level} comes in its turn`)
      tile.push(hash)
      tiles.set(name, tile)
    })
  }
  for (const [size, root] of roots) {
    const read = Frontier.read(size, (level, number, width) => {
      const tile = tiles.get(`${level}/${number}`) ?? []
      assert.ok(width >= 1 && width <= 255 && width <= tile.length)
      return tile.slice(0, width)
    })
    assert.equal(hex(read.root()), root, `read at ${size}`)
  }
})

test('a leaf is hashed where it lies', () => {
  const entries = ['', 'entry', 'x'.repeat(65_535)]
  let offset = 0
  const bytes = bundle(entries)
  for (const entry of entries) {
    const end = offset + 2 + entry.length
    assert.equal(leafHashInPlace(bytes, offset + 2, end), leafHash(entry).toString('latin1'))
    offset = end
  }
})
