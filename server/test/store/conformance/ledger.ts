import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CandidateQuery, Store } from '#store'
import { batchOf, hex, plainEntries, type Harness } from '../harness.ts'

export function ledgerDuties(harness: Harness): void {
  test('entries are read over batches, from and to the middle of them, as far as the ledger goes', async () => {
    await using place = await harness.place()
    const store = await place.open()
    let next = 0
    for (const count of [3, 1, 4, 2]) {
      await store.commit(batchOf(Array.from({ length: count }, () => `e${next++}`)))
    }
    for (let first = 0; first <= 11; first += 1) {
      for (let count = 0; count <= 11; count += 1) {
        const indexes = Array.from({ length: count }, (_, i) => first + i).filter(
          (index) => index < 10,
        )
        assert.deepEqual(
          plainEntries(await store.entries(first, count)),
          indexes.map((index) => `${index}:e${index}`),
        )
      }
    }
  })

  test('an entry may be empty, or as long as 16 bits can say', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const long = Buffer.alloc(65_535, 'long')
    await store.commit(batchOf(['', long, '', 'end']))
    const found = await store.entries(0, 4)
    assert.deepEqual(
      found.map(({ bytes }) => hex(bytes)),
      ['', hex(long), '', hex(Buffer.from('end'))],
    )
  })

  const searched: readonly {
    readonly title: string
    readonly query: Omit<CandidateQuery, 'order' | 'batches'>
    readonly batches: string
  }[] = [
    { title: 'no facets', query: { facets: [] }, batches: 'ABCDEF' },
    { title: 'one facet', query: { facets: ['key=k'] }, batches: 'ABDF' },
    { title: 'two facets', query: { facets: ['key=k', 'event=encrypt'] }, batches: 'ADF' },
    {
      title: 'two facets in the other order',
      query: { facets: ['event=encrypt', 'key=k'] },
      batches: 'ADF',
    },
    {
      title: 'three facets',
      query: { facets: ['event=encrypt', 'key=k', 'outcome=denied'] },
      batches: 'D',
    },
    { title: 'a facet that nothing has', query: { facets: ['key=k', 'key=none'] }, batches: '' },
    { title: 'a beginning in time', query: { facets: [], since: 300 }, batches: 'CEF' },
    { title: 'an end in time', query: { facets: [], until: 300 }, batches: 'ABD' },
    {
      title: 'both, and a facet',
      query: { facets: ['key=k'], since: 150, until: 500 },
      batches: 'BD',
    },
    { title: 'a beginning after the end', query: { facets: [], since: 10_000 }, batches: '' },
  ]
  test('a search finds every entry of the batches that match, in both orders and from anywhere', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const all = await fill(store)
    for (const { title, query, batches } of searched) {
      const expected = all.filter((entry) => batches.includes(entry.charAt(entry.indexOf(':') + 1)))
      for (const size of [1, 2, 10]) {
        const found = [
          await searchAll(store, { ...query, order: 'ascending', batches: size }),
          await searchAll(store, { ...query, order: 'descending', batches: size }),
        ]
        assert.deepEqual(found, [expected, expected.toReversed()], `${title}, ${size} at a time`)
      }
      for (let after = 0; after <= all.length; after += 1) {
        const later = await store.candidates({ ...query, after, order: 'ascending', batches: 10 })
        const earlier = await store.candidates({
          ...query,
          after,
          order: 'descending',
          batches: 10,
        })
        const isLater = (entry: string) => Number.parseInt(entry, 10) > after
        const isEarlier = (entry: string) => Number.parseInt(entry, 10) < after
        assert.deepEqual(plainEntries(later), expected.filter(isLater), `${title}, after ${after}`)
        assert.deepEqual(
          plainEntries(earlier),
          expected.filter(isEarlier).toReversed(),
          `${title}, before ${after}`,
        )
      }
    }
  })
}

/** Six batches A to F, of which D was made after the clock was set back. Returns all entries in order. */
async function fill(store: Store): Promise<string[]> {
  const batches = [
    { name: 'A', count: 2, time: 100, facets: ['key=k', 'event=encrypt'] },
    { name: 'B', count: 3, time: 200, facets: ['key=k', 'event=decrypt'] },
    { name: 'C', count: 1, time: 300, facets: ['key=l', 'event=encrypt'] },
    {
      name: 'D',
      count: 2,
      time: 250,
      facets: ['outcome=denied', 'key=k', 'event=encrypt', 'key=l'],
    },
    { name: 'E', count: 4, time: 400, facets: [] },
    { name: 'F', count: 1, time: 500, facets: ['key=k', 'event=encrypt'] },
  ]
  for (const { name, count, time, facets } of batches) {
    const entries = Array.from({ length: count }, (_, i) => `${name}${i}`)
    await store.commit(batchOf(entries, { time, facets }))
  }
  return plainEntries(await store.entries(0, 100))
}

/** Page by page, each after the last entry of the one before. */
async function searchAll(store: Store, query: CandidateQuery): Promise<string[]> {
  const found: string[] = []
  for (let after: number | undefined; ;) {
    const page = await store.candidates(after === undefined ? query : { ...query, after })
    if (page.length === 0) return found
    found.push(...plainEntries(page))
    after = page.at(-1)?.index
  }
}
