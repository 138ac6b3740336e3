/** A busy port is the most common reason why a first start fails: the message must end the search. */
import { describe, expect, test } from "bun:test"
import { DoorTaken, DoorUnknown, expectDoorsFree } from "#src/devstack/doors.ts"

describe("the platform's ports", () => {
  test.each(["PUBLIC_PORT", "INTRANET_PORT"])("name %s where another program has the one asked for", async (variable) => {
    for (const hostname of ["127.0.0.1", "0.0.0.0"]) {
      using other = Bun.serve({ port: 0, hostname, fetch: () => new Response() })
      const asked = expectDoorsFree({ PUBLIC_PORT: "0", INTRANET_PORT: "0", [variable]: String(other.port) })
      await expect(asked).rejects.toThrow(DoorTaken)
      await expect(asked).rejects.toThrow(`Port ${other.port} is taken by another program. Stop it, or set ${variable}`)
    }
  })

  test.each(["eighty", "65536", "-1", "8080.5"])("are numbers: %s is not one", async (port) => {
    const asked = expectDoorsFree({ PUBLIC_PORT: "0", INTRANET_PORT: port })
    await expect(asked).rejects.toThrow(DoorUnknown)
    await expect(asked).rejects.toThrow("INTRANET_PORT must be a whole number")
  })

  test("are free where nobody listens", async () => {
    const other = Bun.serve({ port: 0, fetch: () => new Response() })
    const port = String(other.port)
    await other.stop(true)
    await expectDoorsFree({ PUBLIC_PORT: port, INTRANET_PORT: "0" })
  })
})
