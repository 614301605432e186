/**
 * What watches over the house: the examination of everything stored against the ledger. It reads, and changes nothing.
 */
export { examine, type ExamineParts } from './examine.ts'
