import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { answered, callKeyreeve } from '../support/keyreeve.ts'
import { RawConnection, type Answer } from '../support/raw-http.ts'
import { start } from '../support/server.ts'

/** C13: neither a page of another origin nor a name that was bound to this address gets at the console or the API. */

const server = await start()
after(() => server.stop())
const { port } = server
const [host, origin] = [`Host: localhost:${port}`, `Origin: http://localhost:${port}`]

async function exchange(first: string, headers: readonly string[], body = ''): Promise<Answer> {
  const connection = await RawConnection.open(port)
  const lines = [first, ...headers, 'Connection: close', `Content-Length: ${body.length}`]
  connection.send(`${lines.join('\r\n')}\r\n\r\n${body}`)
  const answer = await connection.answer({ bodiless: first.startsWith('HEAD') })
  await connection.ended()
  return answer
}

/** Opens a link, for which no signature is needed: only where the request comes from can tell against it. */
const redeem = (code: string, ...headers: string[]): Promise<Answer> =>
  exchange(
    'POST / HTTP/1.1',
    [...headers, 'Content-Type: application/x-amz-json-1.1', 'X-Amz-Target: Keyreeve.RedeemConsoleLink'],
    JSON.stringify({ Code: code }),
  )
const link = async (): Promise<string> =>
  (await answered<{ Code: string }>(callKeyreeve(server, 'CreateConsoleLink', {}))).Code

const pages = ['GET /console/', 'HEAD /console/', 'GET /console', 'GET /console/index.html', 'GET /console/nowhere']

const strangers: [who: string, status: number, headers: string[]][] = [
  ['a name that leads here', 421, [`Host: kms.evil.example:${port}`]],
  ['a page under a name that leads here', 421, [`Host: evil.example:${port}`, `Origin: http://evil.example:${port}`]],
  ['a name that begins like ours', 421, [`Host: localhost.evil.example:${port}`]],
  ['a page of another origin', 403, [host, 'Origin: https://evil.example']],
  ['a page of another port', 403, [host, `Origin: http://localhost:${port - 1}`]],
  ['a page of the same machine by another name', 403, [host, `Origin: http://127.0.0.1:${port}`]],
  ['a page in a sandbox', 403, [host, 'Origin: null']],
  ['a page that names no origin', 403, [host, 'Origin:']],
  ['an extension', 403, [host, `Origin: chrome-extension://localhost:${port}`]],
]

for (const [who, status, headers] of strangers) {
  test(`refuses ${who}, whatever it asks for`, async () => {
    for (const page of pages) {
      const answer = await exchange(`${page} HTTP/1.1`, headers)
      assert.equal(answer.status, status, page)
      assert.equal(answer.headers.get('access-control-allow-origin'), undefined)
      assert.doesNotMatch(answer.body, /<html/i)
    }
    const asked = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: x-amz-target']
    const preflight = await exchange('OPTIONS / HTTP/1.1', [...headers, ...asked])
    assert.equal(preflight.status, status)
    assert.equal(preflight.headers.get('access-control-allow-origin'), undefined)
    const code = await link()
    const refused = await redeem(code, ...headers)
    assert.equal(refused.status, status)
    assert.doesNotMatch(refused.body, /SecretAccessKey/)
    // It was not even looked at: the link is as good as before.
    assert.equal((await redeem(code, host, origin)).status, 200)
  })
}

test('answers its own pages, and who is no page, by each of its names', async () => {
  for (const name of ['localhost', '127.0.0.1', '[::1]']) {
    const own = [`Host: ${name}:${port}`]
    for (const headers of [
      own,
      [...own, `Origin: http://${name}:${port}`],
      [...own, `Origin: https://${name}:${port}`],
    ]) {
      assert.equal((await redeem(await link(), ...headers)).status, 200)
      for (const page of pages) {
        const { status } = await exchange(`${page} HTTP/1.1`, headers)
        assert.ok(status !== 421 && !(status === 403 && !page.endsWith('nowhere')), `${page} ${status}`)
      }
    }
  }
})
