/**
 * HTTP as the doors share it: requests and responses as values, and the listener that bounds and reads them. It knows no protocol above
 * HTTP and judges nothing.
 */
export { decodeBase64 } from './base64.ts'
export { listen, PATIENCE, type Listener, type ListenerOptions, type Patience } from './listener.ts'
export type { HttpDoor, HttpRequest, HttpResponse } from './message.ts'
export { createSwitch, type Branch } from './switch.ts'
