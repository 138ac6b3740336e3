/** Makes one file of the platform: what a container runs has neither sources nor packages beside it. */
import { rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { commandNames } from "../command.ts"

export const summary = "FILE: the platform as one program for machines like this one, without the commands that need this folder"

/** They build, test, measure and kill, with the servers, packages and sources of this folder. Every other command is carried. */
export const staying = [
  "bench",
  "build",
  "chaos",
  "demo",
  "fuzz",
  "reconnect",
  "reset",
  "revoke-vehicle",
  "sbom",
  "simulate",
  "stack",
  "test",
  "up"
]

const root = join(import.meta.dir, "..")

export const run = async ([file, ...more]: string[]): Promise<number> => {
  if (file === undefined || more.length > 0) {
    console.error("Usage: ./caas build FILE")
    return 2
  }
  const outfile = resolve(file)
  await Bun.build({
    entrypoints: [join(root, "cli.ts")],
    target: "bun",
    sourcemap: "inline", // A stack names our files and lines.
    plugins: [carrying(commandNames().filter((name) => !staying.includes(name))), reflecting],
    // Nothing that happens to lie beside it may change what it does.
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false }
  })
  rmSync(`${outfile}.map`, { force: true }) // The program has it inside.
  return 0
}

/** What passkeys stand on wants `Reflect` extended before it is looked at; the bundler would do that after. */
const reflecting: Bun.BunPlugin = {
  name: "reflect-metadata",
  setup: (build) => {
    build.onLoad({ filter: /[/\\]tsyringe[/\\].+[/\\]esm5[/\\]index\.js$/ }, async ({ path }) => ({
      loader: "js",
      contents: `require("reflect-metadata")\n${await Bun.file(path).text()}`
    }))
  }
}

/** In the one file there is no folder to look commands up in: they are written down while it is made. */
const carrying = (names: ReadonlyArray<string>): Bun.BunPlugin => ({
  name: "commands",
  setup: (build) => {
    build.onLoad({ filter: /[/\\]src[/\\]command\.ts$/ }, () => ({
      loader: "ts",
      contents: `
        const commands = { ${names.map((name) => `${JSON.stringify(name)}: () => import("./commands/${name}.ts")`).join(", ")} }
        export const commandNames = () => Object.keys(commands)
        export const command = (name) => commands[name]()`
    }))
  }
})
