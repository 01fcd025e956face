import { headerOf } from '../protocol/headers.ts'
import { reply, unknownOperation, unknownService, type HttpRequest, type HttpResponse, type Route } from './server.ts'

/** Every route of the main listener. */
export function mainRoutes({
  answer,
  ready,
  console,
}: {
  /** The API. */
  answer: (request: HttpRequest) => Promise<HttpResponse>
  /** Whether requests would be answered now. */
  ready: () => boolean
  /** From `consoleRoutes`. */
  console: readonly Route[]
}): Route[] {
  return [
    { method: 'POST', path: '/', handle: request => unfit(request) ?? answer(request) },
    { method: 'GET', path: '/healthz', handle: () => reply(200, 'text/plain', 'alive\n') },
    {
      method: 'GET',
      path: '/readyz',
      handle: () => (ready() ? reply(200, 'text/plain', 'ready\n') : reply(503, 'text/plain', 'not ready\n')),
    },
    ...console,
  ]
}

/** AWS JSON 1.1 and AWS Query. */
const protocols = new Set(['application/x-amz-json-1.1', 'application/x-www-form-urlencoded'])

/** What AWS's front end answers to a content type that names no protocol: no service ever sees such a request. */
function unfit({ rawHeaders }: HttpRequest): HttpResponse | undefined {
  const type = headerOf(rawHeaders, 'content-type') ?? ''
  if (protocols.has((type.split(';', 1)[0] ?? '').trim().toLowerCase())) return undefined
  return headerOf(rawHeaders, 'x-amz-target') === undefined ? unknownService() : unknownOperation()
}
