/** A compromise as one procedure: opened in one change, closed with a report. */
export { caseReport, closeCase } from './close.ts'
export { openCase } from './open.ts'
export { getCase, listCases } from './show.ts'
export { assessCase, destroyCase, revokeCase, rewrapCase } from './steps.ts'
