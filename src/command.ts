/** What a command is, and which there are: each is a file of its own in commands/, found by its name. */
import { readdirSync } from "node:fs"
import { join } from "node:path"

export type Command = {
  /** One line for `./caas help`. */
  readonly summary: string
  /** Answers the exit code. */
  readonly run: (args: string[]) => Promise<number>
}

const folder = join(import.meta.dir, "commands")

export const commandNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort()

export const command = (name: string): Promise<Command> => import(join(folder, `${name}.ts`))
