/**
 * Posts what receivers are told over HTTP, within bounds: to which addresses, for how long, and how much of an answer is read. It knows
 * no key, no row and no ledger.
 */
export { Networks } from './networks.ts'
export { post, type Message, type Posted } from './post.ts'
export { trusting } from './trust.ts'
