/**
 * One call from one row of the contract: how it becomes a request, and its answer a value. `createClient` has a method for every row;
 * whoever needs few and starts often imports those rows and this, and not the table of all. It must never keep a token anywhere but in
 * memory, nor put one into a message.
 */
export { type Answer, readAnswer } from './answer.ts'
export {
  type Caller,
  checkedAddress,
  type ClientOptions,
  createCaller,
  type Fetch,
  TIMEOUT_MS_DEFAULT,
} from './caller.ts'
export { type DescribedCall, describeRequest, wireFields } from './request.ts'
export type { CallOptions, RowInput, RowOutput } from '../types.ts'
