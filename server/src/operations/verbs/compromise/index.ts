/** A compromise as one procedure: opened in one change, closed with a report; the server goes on with it where nobody else has to act. */
export { caseReport, closeCase } from './close.ts'
export { destroyCase } from './destroy.ts'
export { lookAtCase } from './look.ts'
export { openCase } from './open.ts'
export { getCase, listCases } from './show.ts'
export { assessCase, revokeCase, rewrapCase } from './steps.ts'
