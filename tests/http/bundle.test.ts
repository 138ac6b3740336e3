/** A purchase file that is taken along: the same for the same contents, made piece by piece, and whatever was done to it afterwards is found. */
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted, Stream } from "effect"
import { unzipSync, type Zippable, zipSync } from "fflate"
import { BundleSeal, BundleSealed } from "#integrations/purchase-file/bundle-seal.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { archive } from "#src/bundle/archive.ts"
import { bundle } from "#src/bundle/bundle.ts"
import { openBundle } from "#src/bundle/open-bundle.ts"
import { newKey } from "#src/devstack/vehicle-keys.ts"
import type { FileDocument } from "#src/views/file-documents.ts"

const key = signingKeyOf(newKey())!
const other = signingKeyOf(newKey())!
const customerId = SubjectId.make("sub_ana")
const about = { orderId: null, activationId: null, vin: null }

const documentOf = (n: number, size: number): FileDocument => ({
  ...{ documentId: `doc_${String(n).padStart(32, "0")}`, kind: "invoice", at: "2026-03-02T12:00:00.000Z", title: `Invoice ${n}` },
  ...{ mediaType: "application/pdf", size, sha256: "", edition: null, ...about }
})
const papers = (count: number, size = 64, made = (_: number) => {}) =>
  Stream.fromIterable(Array.from({ length: count }, (_, n) => n)).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((n) =>
      Effect.sync(() => {
        made(n)
        return { document: documentOf(n, size), bytes: Buffer.alloc(size, 32 + (n % 64)) }
      })
    )
  )
const happening = { at: "2026-03-02T12:00:00.000Z", type: "ConfirmHandover", title: "Modelo Uno", inWords: "Handed over", ...about }
const pages = (...sizes: ReadonlyArray<number>) =>
  Stream.fromIterable(sizes.map((size) => Array.from({ length: size }, () => happening)))

const sealed = (signing = key) => BundleSealed({ key: Redacted.make(signing) })
const bundled = (documents: ReturnType<typeof papers>, timeline = pages(2, 1)) =>
  Stream.unwrap(
    BundleSeal.useSync(({ seal }) => bundle({ customerId, madeAt: "2026-03-03T08:00:00.000Z", documents, timeline, seal }))
  )
const made = async (documents = papers(3), timeline = pages(2, 1), signing = key): Promise<Uint8Array> =>
  Buffer.concat(await Effect.runPromise(Stream.runCollect(bundled(documents, timeline)).pipe(Effect.provide(sealed(signing)))))

const whole = await made()
const files = unzipSync(whole)
const flawOf = async (bytes: Uint8Array, publicKey = key.publicKey) => {
  const read = await openBundle(bytes, publicKey)
  return "flaw" in read ? [read.flaw, read.name] : "none"
}
/** Packed by us again, after somebody did something to the files. */
const packed = (change: Readonly<Record<string, Uint8Array | null>>, more: ReadonlyArray<string> = []) => {
  const zip = archive()
  const all = { ...files, ...change }
  const pieces = [...Object.keys(all), ...more].flatMap((name) => (all[name] === null ? [] : [zip.begin(name)(all[name]!, true)]))
  return Buffer.concat([...pieces, zip.end()])
}
const first = Object.keys(files)[0]!
const changed = (name: string) => {
  const bytes = Uint8Array.from(files[name]!)
  bytes[bytes.length >> 1]! ^= 1
  return { [name]: bytes }
}

describe("a bundle", () => {
  test("is the same for the same contents, however they came", async () => {
    expect(Buffer.from(await made()).equals(Buffer.from(whole))).toBe(true)
    const otherwise = await made(papers(3), pages(0, 1, 2))
    expect(Buffer.from(otherwise).equals(Buffer.from(whole))).toBe(true)
    expect(await flawOf(whole)).toBe("none")
  })

  test("of nobody's documents and an empty timeline is one, too", async () => {
    const empty = await made(papers(0), pages())
    expect(await flawOf(empty)).toBe("none")
    expect(JSON.parse(Buffer.from(unzipSync(empty)["timeline.json"]!).toString())).toEqual([])
    expect(JSON.parse(Buffer.from(unzipSync(await made(papers(0), pages(0, 2, 0)))["timeline.json"]!).toString())).toHaveLength(2)
  })

  test("is made while it is read: a slow reader keeps one document or two waiting, not all of them", async () => {
    const count = 40
    let documents = 0
    const stream = await Effect.runPromise(
      Stream.toReadableStreamEffect(bundled(papers(count, 100_000, () => documents++))).pipe(Effect.provide(sealed()))
    )
    const reader = stream.getReader()
    for (let read = 0; ; read++) {
      const { done } = await reader.read()
      if (done) break
      await Bun.sleep(1)
      expect(documents).toBeLessThanOrEqual(Math.min(count, read + 3))
    }
    expect(documents).toBe(count)
  })

  test("breaks off where a document cannot be read, and half of it does not open", async () => {
    const failing = papers(3, 64, (n) => {
      if (n === 2) throw new Error("the database is gone")
    })
    const stream = await Effect.runPromise(Stream.toReadableStreamEffect(bundled(failing)).pipe(Effect.provide(sealed())))
    const pieces: Array<Uint8Array> = []
    const reader = stream.getReader()
    const reading = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value)
    })()
    await expect(reading).rejects.toThrow("the database is gone")
    expect(await flawOf(Buffer.concat(pieces))).toEqual(["NotAZip", ""])
  })
})

describe("what was done to a bundle", () => {
  const rehashed = () => {
    const text = Buffer.from(files["manifest.json"]!).toString()
    return { "manifest.json": Buffer.from(text.replace("2026-03-03", "2026-03-04")) }
  }

  test.each<[string, string, string, () => Uint8Array]>([
    ["a document was changed", "FileChanged", first, () => packed(changed(first))],
    ["the timeline was changed", "FileChanged", "timeline.json", () => packed(changed("timeline.json"))],
    ["a document was taken out", "FileMissing", first, () => packed({ [first]: null })],
    ["a document was added", "FileMore", "documents/extra.pdf", () => packed({ "documents/extra.pdf": Buffer.from("%PDF-") })],
    ["a document is there twice", "FileTwice", first, () => packed({}, [first])],
    ["the manifest was changed", "NotSealed", "manifest.json", () => packed(rehashed())],
    ["the seal was changed", "NotSealed", "manifest.json", () => packed(changed("manifest.jws"))],
    [
      "the seal got another end",
      "NotSealed",
      "manifest.json",
      () => packed({ "manifest.jws": Buffer.concat([files["manifest.jws"]!, Buffer.from("\n")]) })
    ],
    ["the manifest was taken out", "NoManifest", "", () => packed({ "manifest.json": null })],
    ["the seal was taken out", "NoSeal", "", () => packed({ "manifest.jws": null })],
    ["it was packed anew, with compression", "FileCompressed", "", () => zipSync(files as Zippable, { level: 6 })],
    ["it was packed anew, without", "ArchiveChanged", "", () => zipSync(files as Zippable, { level: 0, mtime: "2026-03-03" })],
    ["it was cut off", "NotAZip", "", () => whole.subarray(0, whole.length - 30)],
    ["it is something else", "NotAZip", "", () => Buffer.from("%PDF-1.7")],
    ["there is nothing", "NotAZip", "", () => new Uint8Array()]
  ])("is found: %s", async (_, flaw, name, bytes) => {
    const found = await flawOf(bytes())
    expect(found[0]).toBe(flaw)
    if (name !== "") expect(found[1]).toBe(name)
  })

  test("is found where something stands before it or after it", async () => {
    for (const bytes of [Buffer.concat([Buffer.from("MZ"), whole]), Buffer.concat([whole, Buffer.from("\n")])])
      expect(await flawOf(bytes)).not.toBe("none")
  })

  test("is found wherever one bit is another", async () => {
    for (let at = 0; at < whole.length; at++) {
      const flipped = Uint8Array.from(whole)
      flipped[at]! ^= 1 << (at % 8)
      expect([at, await flawOf(flipped)]).not.toEqual([at, "none"])
    }
  })

  test("is found where another key has sealed it, though it is whole", async () => {
    expect(await flawOf(await made(papers(3), pages(2, 1), other))).toEqual(["NotSealed", "manifest.json"])
    expect(await flawOf(whole, other.publicKey)).toEqual(["NotSealed", "manifest.json"])
  })
})

describe("./caas verify-file", () => {
  const folder = mkdtempSync(join(tmpdir(), "caas-bundle-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, "purchase-file.zip")
  const asked = async (...args: ReadonlyArray<string>) => {
    const { INVOICE_SIGNING_KEY: _, ...env } = process.env
    const program = Bun.spawn([process.execPath, "src/cli.ts", "verify-file", ...args], {
      cwd: join(import.meta.dir, "..", ".."),
      env: { ...env, CAAS_HOME: folder, DATABASE_URL: "", NATS_URL: "", REDIS_URL: "" },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const [said, complained] = await Promise.all([new Response(program.stdout).text(), new Response(program.stderr).text()])
    return { code: await program.exited, said: said + complained }
  }

  test("says that a file is whole, offline and by a public key", async () => {
    await Bun.write(file, whole)
    const { code, said } = await asked(file, "--key", key.publicKey)
    expect([code, said]).toEqual([
      0,
      expect.stringContaining("customer  sub_ana\nmade at   2026-03-03T08:00:00.000Z\nfiles     5,")
    ])
    expect(said).toContain(key.kid)
  })

  test("exits 1 with the reason where a byte is another, or another has sealed it", async () => {
    await Bun.write(file, packed(changed("timeline.json")))
    expect(await asked(file, "--key", key.publicKey)).toEqual({
      code: 1,
      said: expect.stringContaining(`${file}: "timeline.json" was changed after it was sealed (FileChanged)`)
    })
    await Bun.write(file, whole)
    expect(await asked(file, "--key", other.publicKey)).toEqual({ code: 1, said: expect.stringContaining("(NotSealed)") })
  })

  test("exits 2 where it cannot be asked", async () => {
    for (const args of [
      [],
      [file, "--key"],
      [join(folder, "none.zip"), "--key", key.publicKey],
      [file, "--key", "none"],
      ["--key", key.publicKey]
    ])
      expect([args, (await asked(...args)).code]).toEqual([args, 2])
  })
})
