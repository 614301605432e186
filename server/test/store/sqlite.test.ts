import { openSqliteStore } from '#store'
import { storeConformance } from './conformance.ts'
import { filePlaces } from './harness.ts'

storeConformance('SQLite in a file', {
  place: filePlaces(openSqliteStore),
  persistent: true,
  histories: 30,
})

storeConformance('SQLite in memory', {
  place: filePlaces(() => openSqliteStore(':memory:')),
  persistent: false,
  histories: 100,
})
