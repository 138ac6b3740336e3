/** Requests that no HTTP client would send, byte by byte to a listener's port: it may hang up, say 4xx, or 505 where it reads no version. */
import type { Dice } from "../dice.ts"
import { bytes, word } from "./chance.ts"

const patience = 200 // Milliseconds for a first word; who is still waited for after that gets none.

const json = (more: string, body: string) =>
  `POST /api/auth/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n\r\n${body}`

const broken = (dice: Dice, token: string): string | Uint8Array =>
  dice.oneOf<() => string | Uint8Array>([
    () => bytes(dice, dice.between(1, 2_000)),
    () => "\0\0\0\0\r\n\r\n",
    () => "GET\r\n\r\n",
    () => "GET /health/live\r\n\r\n",
    () => "GET /health/live HTTP/9.9\r\n\r\n",
    () => "GET /health/live HTTP/1.1\r\n\r\n",
    () => "GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    () => "GET /health/live HTTP/1.1\r\nHost: \r\n\r\n",
    () => `GET /${word(dice, 20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    () => `GET /api/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nX-Long: ${"x".repeat(40_000)}\r\n\r\n`,
    () => `GET /api/me HTTP/1.1\r\nHost: localhost\r\n${"X: y\r\n".repeat(400)}\r\n`,
    () => `GET /api/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nX-Odd: \x01\x02\r\n\r\n`,
    () => `GET /api/me HTTP/1.1\r\nHost: localhost\r\n Folded: x\r\nAuthorization : Bearer ${token}\r\n\r\n`,
    () => "GET http://evil.example/api/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    () => "GET /api/me/ñ é HTTP/1.1\r\nHost: localhost\r\n\r\n",
    () => "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    () => "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    () => "TRACE /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    () => json("Content-Length: 500", '{"email":'),
    () => json("Content-Length: -1", "{}"),
    () => json("Content-Length: 2\r\nContent-Length: 3", "{}x"),
    () => json("Content-Length: 99999999999999999999", "{}"),
    () => json("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\nGET /health/live HTTP/1.1\r\n\r\n"),
    () => json("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n"),
    () => json("Transfer-Encoding: chunked", "ffffffffffffffff\r\n{}"),
    () => json("Transfer-Encoding: gzip, chunked", "2\r\n{}\r\n0\r\n\r\n"),
    () => json("Expect: 200-maybe\r\nContent-Length: 2", "{}"),
    () => json("Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2", "{}")
  ])()

/** What is wrong with how it was taken; null where nothing is. */
export const brokenRequest = async (port: number, dice: Dice, token: string): Promise<string | null> => {
  const sent = broken(dice, token)
  const answered = Promise.withResolvers<string>()
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, words) => answered.resolve(words.toString("latin1")),
      error: () => answered.resolve(""),
      close: () => answered.resolve("")
    }
  })
  socket.write(sent)
  const answer = await Promise.race([answered.promise, Bun.sleep(patience).then(() => "")])
  socket.terminate()
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]
  const isWrong = answer !== "" && (status === undefined || (status >= "500" && status !== "505"))
  return isWrong ? `${answer.slice(0, 300)}\n    broken: ${Buffer.from(sent).toString("latin1").slice(0, 500)}` : null
}
