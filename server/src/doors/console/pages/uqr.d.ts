/** The module of the package, which is served beside the pages' own. */
export { encode } from 'uqr'
