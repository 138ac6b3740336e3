/** A car that speaks the broker's protocol with its own mouth: no client library keeps it from saying what no client would. */
import { connect as dial, type Socket } from "node:net"
import { fromSeed } from "@nats-io/nkeys"
import type { Credentials } from "#integrations/nats/credentials.ts"

/** What came since it was listened to last, until the broker had heard everything; `closed` where it hung up, `silent` where it waited for more. */
export interface Heard {
  readonly text: string
  readonly end: "heard" | "closed" | "silent"
}

const patienceMs = 250 // A broker on this machine answers in less than one.

export class WildCar {
  #text = ""
  #isClosed = false
  #woken: () => void = () => {}

  private constructor(readonly socket: Socket) {
    socket.on("data", (data) => {
      this.#text += data.toString("latin1")
      this.#woken()
    })
    const end = () => {
      this.#isClosed = true
      this.#woken()
    }
    socket.on("close", end)
    socket.on("error", end)
  }

  /** `host`: "127.0.0.1:4222". Throws what the broker said where it does not let the car in. */
  static async connect(host: string, { jwt, seed }: Credentials): Promise<WildCar> {
    const [name, port] = host.split(":") as [string, string]
    const car = new WildCar(dial(Number(port), name))
    await car.#until(/^INFO (\{.*\})/m, 10_000)
    const { nonce } = JSON.parse(/^INFO (\{.*\})/m.exec(car.#text)![1]!)
    car.#text = ""
    const signature = fromSeed(new TextEncoder().encode(seed)).sign(new TextEncoder().encode(nonce))
    const about = {
      jwt,
      sig: Buffer.from(signature).toString("base64url"),
      verbose: false,
      pedantic: false,
      lang: "wild",
      version: "0",
      headers: true,
      protocol: 1
    }
    const { text, end } = await car.say(`CONNECT ${JSON.stringify(about)}\r\n`, 10_000)
    if (end !== "heard" || text.includes("-ERR")) throw new Error(text)
    return car
  }

  /** Says these bytes, and waits until the broker has read them. */
  async say(bytes: string, patience = patienceMs): Promise<Heard> {
    if (!this.#isClosed) this.socket.write(`${bytes}PING\r\n`)
    const came = await this.#until(/^PONG\r$/m, patience)
    const text = this.#text
    this.#text = ""
    return { text, end: this.#isClosed ? "closed" : came ? "heard" : "silent" }
  }

  close() {
    this.socket.destroy()
  }

  async #until(sign: RegExp, patience: number): Promise<boolean> {
    for (const end = performance.now() + patience; !sign.test(this.#text) && !this.#isClosed; ) {
      const left = end - performance.now()
      if (left <= 0) return false
      let timer: ReturnType<typeof setTimeout> | undefined
      await new Promise<void>((wake) => {
        this.#woken = wake
        timer = setTimeout(wake, left)
      })
      clearTimeout(timer)
    }
    return sign.test(this.#text)
  }
}
